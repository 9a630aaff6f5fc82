"""Environments that a Unix group shares: whose they are, who may read them, who may change them."""

from .places import SharedPlace, group_name, innermost, shared_place, shared_places, user_name
from .rights import give, give_new, is_closed, is_private, may_give, not_a_member, umask

__all__ = [
    "SharedPlace",
    "give",
    "give_new",
    "group_name",
    "innermost",
    "is_closed",
    "is_private",
    "may_give",
    "not_a_member",
    "shared_place",
    "shared_places",
    "umask",
    "user_name",
]
