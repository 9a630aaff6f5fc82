"""Python distributions -> the text of a ``requirements.txt``.

The format: https://pip.pypa.io/en/stable/reference/requirements-file-format/.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..pypi.names import normal


def write_requirements(python: str | None, pypi: Mapping[str, str], conda: Mapping[str, str]) -> str:
    """The text of a ``requirements.txt`` with one line a distribution, by name.

    Parameters
    ----------
    python:
        The version that they are installed for; said in a comment.
    pypi, conda:
        Name -> requirement line, of those that come from an index or an address, and of those that conda packages
        brought; the latter carry a comment.
    """
    lines = {normal(name): f"{line}  # conda" for name, line in conda.items()}
    lines |= {normal(name): line for name, line in pypi.items()}
    head = [f"# Python {python}"] if python else []
    return "\n".join([*head, *(lines[name] for name in sorted(lines)), ""])
