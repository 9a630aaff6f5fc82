"""What the code of a notebook needs, and how an environment is described so that a notebook can carry it."""

from .description import describe
from .imports import Imported, Needs, modules
from .installedmodules import installed_modules
from .installs import hint
from .names import propose

__all__ = ["Imported", "Needs", "describe", "hint", "installed_modules", "modules", "propose"]
