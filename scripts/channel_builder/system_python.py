"""Take a distribution's own prefix, such as `/usr`, out of its Python: only where the interpreter itself is meant."""

from __future__ import annotations

import re
from pathlib import Path

_SEES_SITE_PACKAGES = (
    'import os, site, sys; site.addsitedir(os.path.join(sys.prefix, "lib", "python{minor}", "site-packages"))\n'
)


def without_system_prefix(data: bytes, source: Path, prefix: Path, minor: str, new: bytes) -> bytes:
    """The text of one file of a system Python, fit for an environment.

    Replacing every `/usr` would break `/usr/bin/env`, compilers and libraries, so only the paths of this
    Python are replaced, and only in the files that list them. Debian's default installation scheme, which
    points into `/usr/local`, becomes the ordinary one.

    Args:
        data: the file's content.
        source: where the file is.
        prefix: the system prefix.
        minor: the interpreter's version, as in `3.12`.
        new: what to write instead of the prefix.
    """
    old = re.escape(str(prefix).encode())
    if source.name.startswith(("_sysconfigdata", "_sysconfig_vars")) or source.name.endswith((".pc", "-config")):
        own = re.escape(minor.encode())
        part = rb"(?:/(?:bin|lib|include|share|(?:lib|include)/python" + own + rb"[^'\"\s]*))?"
        return re.sub(rb"(?<=['\"=])" + old + rb"(?=" + part + rb"['\"\s])", new, data)
    if source.name == "Makefile":
        return re.sub(rb"(?m)^(prefix\s*=\s*)" + old + rb"[ \t]*$", rb"\g<1>" + new, data)
    if source.name in ("sysconfig.py", "__init__.py") and source.is_relative_to(prefix):
        return data.replace(b"prefix_scheme = 'posix_local'", b"prefix_scheme = 'posix_prefix'")
    return data


def site_hook(stdlib: Path, minor: str) -> tuple[str, bytes] | None:
    """A file, by its path in the prefix, that lets Debian's Python find packages where conda installs them.

    Debian's `site` looks into `dist-packages` only. It is frozen into the executable, so that editing its source
    changes nothing; but it reads `.pth` files there.

    Args:
        stdlib: the standard library of the Python.
        minor: its version, as in `3.12`.
    """
    if b"dist-packages" not in (stdlib / "site.py").read_bytes():
        return None
    text = _SEES_SITE_PACKAGES.format(minor=minor)
    return f"lib/python{minor}/dist-packages/conda-site-packages.pth", text.encode()
