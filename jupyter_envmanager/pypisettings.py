"""How is the Python package index reached here?"""

from __future__ import annotations

import os

from .config import Settings
from .gpu.torchwheels import torch_index
from .pypi import PypiSettings
from .siteconfig import Site


def pypi_settings(site: Site, settings: Settings) -> PypiSettings:
    """The site's settings for the index, and conda's for proxies and certificates."""
    from .engine.transaction import writable_cache

    return PypiSettings(
        index=site.pypi_index or None,
        extra_indexes=list(site.pypi_extra_indexes),
        torch_index=torch_index(site.torch_index, site.pypi_index, os.environ),
        cache=str(writable_cache(settings.pkgs_dirs) / ".envmanager" / "uv"),
        proxies=dict(settings.proxy_servers),
        verify=settings.ssl_verify,
        offline=settings.offline,
        allowed_roots=[str(root) for root in site.allowed_roots or [site.home]],
    )
