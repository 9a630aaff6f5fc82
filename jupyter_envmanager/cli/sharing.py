"""The command that tells, and puts right, who can use an environment."""

from __future__ import annotations

import argparse

from ..service import EnvManagerService
from .terminal import print_json


async def sharing(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Check whether the group can use an environment; the exit status is 1 where something is in the way."""
    environment = (await service.find(options.environment)).id
    found = await (service.sharing.repair if options.repair else service.sharing.check)(environment)
    hinders = 1 if found.group is not None and any(problem.code != "acl" for problem in found.problems) else 0
    if options.json:
        print_json(found)
        return hinders
    shared = f"{found.group} ({', '.join(found.members) or 'members unknown'})" if found.group else "nobody"
    print(f"Owner        {found.owner}\nShared with  {shared}\nChanged by   {found.writers}")
    for problem in found.problems:
        print(f"{problem.message} {problem.hint}")
    if found.group and not hinders:
        print(f"Members of {found.group} can use all of its {found.files} files.")
    return hinders
