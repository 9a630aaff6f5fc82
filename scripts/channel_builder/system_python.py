"""Take a distribution's own prefix, such as `/usr`, out of its Python: only where the interpreter itself is meant."""

from __future__ import annotations

import re
from pathlib import Path

_DEBIAN_SITE = b"# this one is deprecated for Debian"


def without_system_prefix(data: bytes, source: Path, prefix: Path, minor: str, new: bytes) -> bytes:
    """The text of one file of a system Python, fit for an environment.

    Replacing every `/usr` would break `/usr/bin/env`, compilers and libraries, so only the paths of this
    Python are replaced, and only in the files that list them. Debian's Python also looks for packages in its
    `dist-packages` and never in `site-packages`, where conda installs: that is put right.

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
    if source.name == "site.py" and _DEBIAN_SITE in data:
        head, _, tail = data.rpartition(b'"dist-packages")')
        return head + b'"site-packages")' + tail
    if source.name in ("sysconfig.py", "__init__.py") and source.is_relative_to(prefix):
        return data.replace(b"prefix_scheme = 'posix_local'", b"prefix_scheme = 'posix_prefix'")
    return data
