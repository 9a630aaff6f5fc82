"""REST: body -> struct, error class -> status. No logic, no try.

`routes` has all of them in one table; the handlers are in one module for each noun. Every route is authenticated, and
authorized for the resource ``envmanager``.
"""

from .base import SERVICE, BaseHandler
from .problems import STATUS
from .routes import ROUTES

__all__ = ["ROUTES", "SERVICE", "STATUS", "BaseHandler"]
