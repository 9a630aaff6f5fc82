"""Changes of an environment that is there: previewed, applied, undone."""

from .present import environment_channels
from .service import ChangeService
from .sessions import RunningSession

__all__ = ["ChangeService", "RunningSession", "environment_channels"]
