"""The use cases, for REST and the command line alike: of environments, of kernels, of notebooks.

They check policy, ask the engine, and submit jobs. They know nothing of HTTP; what may block runs in a thread.
"""

from .environments import EnvManagerService

__all__ = ["EnvManagerService"]
