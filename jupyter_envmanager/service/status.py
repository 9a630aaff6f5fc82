"""What does the panel need before anything else?"""

from __future__ import annotations

import asyncio

from .. import __version__
from ..config import Settings
from ..models import Policy, Status
from ..previews import Previewer
from ..redaction import redact
from ..sharing import shared_places
from ..siteconfig import Site
from ..targets import Targets, locations


async def status_of(site: Site, settings: Settings, targets: Targets, previewer: Previewer) -> Status:
    """The server, its configuration, the locations for environments, and what the site allows."""
    shared, faults = await asyncio.to_thread(shared_places, site.shared_locations)
    places = await asyncio.to_thread(locations, settings, site.home, shared)
    engine, platform = await asyncio.to_thread(previewer.engine)
    return Status(
        version=__version__,
        engine=engine,
        platform=platform,
        channels=[redact(channel) for channel in settings.channels],
        locations=places,
        server_prefix=str(site.server_prefix),
        server_root=str(site.server_root),
        policy=_policy(site, settings, targets),
        settings=settings.public_settings(),
        problems=[*settings.problems, *faults],
        offline=settings.offline,
    )


def _policy(site: Site, settings: Settings, targets: Targets) -> Policy:
    return Policy(
        allowed_roots=[str(root) for root in targets.roots],
        allowlist_channels=list(settings.allowlist_channels),
        denylist_channels=list(settings.denylist_channels),
        keep_generations=site.keep_generations,
        run_link_scripts=site.run_link_scripts,
        file_urls=list(site.file_urls),
    )
