"""conda's configuration, read without conda: effective values, the origin of each, and what is wrong with them."""

from .settings import Settings, SettingsSource, load
from .values import ChannelPriority

__all__ = ["ChannelPriority", "Settings", "SettingsSource", "load"]
