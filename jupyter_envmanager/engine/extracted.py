"""Where in a package cache is an extracted package?"""

from __future__ import annotations


def folder_of(file_name: str) -> str:
    """The name of the folder that a package is extracted to, as conda has it: that of its file without the ending."""
    return file_name.removesuffix(".conda").removesuffix(".tar.bz2")
