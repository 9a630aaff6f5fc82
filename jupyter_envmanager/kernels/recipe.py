"""What must be known of a kernel to write it anew? It is kept in its kernel.json, as our stamp.

::

    "metadata": {"jupyter_envmanager": {
        "version": 2, "environment": <id>, "prefix": <path>, "source": <name of the offer>, "template": "",
        "variables": {}, "modules": [], "arguments": [], "user_site": false,
        "logo": {"initials": "L", "color": "#aabbcc"} | "uploaded" | "shipped"}}

Version 1 had environment and prefix only, and no launch script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import Invalid
from ..models import KernelEdit, KernelLogo, NewKernel
from .kernelspec import Spec

BUILT_IN = "built-in"
#: A copy that is used as it is: its kernel.json is edited, not written anew.
AS_IT_IS = "as-it-is"

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = {"PATH", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "VIRTUAL_ENV", "PYTHONNOUSERSITE", "PYTHONHOME"}
# What a shell gives a meaning or a value of its own, so that the kernel would not see what was asked for.
_THE_SHELLS = {
    *("_", "COLUMNS", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS", "HISTCMD", "IFS"),
    *("LINENO", "LINES", "OLDPWD", "OPTARG", "OPTERR", "OPTIND", "PIPESTATUS", "POSIXLY_CORRECT", "PPID", "PS4", "PWD"),
    *("RANDOM", "SECONDS", "SHELLOPTS", "SHLVL", "SRANDOM", "UID"),
}
_PREFIXES = ("BASH", "COMP_", "JPY_", "_envmanager_")
_LONGEST = 32_000


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that a kernel's files are made from, its names apart."""

    environment: str
    prefix: str
    source: str | None = None
    template: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    user_site: bool = False
    logo: KernelLogo | Literal["uploaded", "shipped"] | None = None

    @property
    def built_in(self) -> bool:
        """Whether it is written by us, and not after a template."""
        return self.template in ("", BUILT_IN)

    def stamp(self) -> dict[str, Any]:
        """As it is kept in a kernel.json."""
        logo = self.logo
        drawn = {"initials": logo.initials, "color": logo.color} if isinstance(logo, KernelLogo) else logo
        return {
            "environment": self.environment or None,
            "prefix": self.prefix or None,
            "version": 2,
            "source": self.source,
            "template": self.template,
            "variables": self.variables,
            "modules": self.modules,
            "arguments": self.arguments,
            "user_site": self.user_site,
            "logo": drawn,
        }


def of(spec: Spec) -> Recipe:
    """The recipe in a stamped spec; what is missing or makes no sense has its default."""
    stamp = spec.stamp
    logo = stamp.get("logo")
    if isinstance(logo, dict):
        initials, color = _text(logo.get("initials")), _text(logo.get("color"))
        usable = 0 < len(initials) <= 4 and _COLOR.fullmatch(color)
        logo = KernelLogo(initials=initials, color=color) if usable else None
    variables = stamp.get("variables")
    return Recipe(
        environment=_text(stamp.get("environment")),
        prefix=_text(stamp.get("prefix")),
        source=_text(stamp.get("source")) or None,
        template=_text(stamp.get("template")),
        variables=_texts_by_name(variables) if isinstance(variables, dict) else {},
        modules=_texts(stamp.get("modules")),
        arguments=_texts(stamp.get("arguments")),
        user_site=stamp.get("user_site") is True,
        logo=logo if isinstance(logo, KernelLogo) or logo in ("uploaded", "shipped") else None,
    )


def from_request(request: NewKernel | None, environment: str, prefix: Path) -> Recipe:
    """The recipe that a request asks for.

    Raises
    ------
    Invalid
        A variable, a module or an argument cannot be used; ``field`` says which.
    """
    recipe = Recipe(environment=environment, prefix=str(prefix))
    if request is None:
        return recipe
    return Recipe(
        environment=environment,
        prefix=str(prefix),
        source=request.source,
        template=request.template,
        variables=checked_variables(request.variables),
        modules=checked_modules(request.modules),
        arguments=checked_arguments(request.arguments),
        user_site=request.user_site,
    )


def check_edit(edit: KernelEdit) -> None:
    """Raises Invalid where a field of an edit cannot be used."""
    checked_display_name(edit.display_name if edit.display_name is not None else "x")
    checked_variables(edit.variables or {})
    checked_modules(edit.modules or [])
    checked_arguments(edit.arguments or [])


def checked_display_name(name: str) -> str:
    """A display name that can be shown; raises Invalid."""
    if not name.strip() or len(name) > 200 or not _is_text(name, "\n\r"):
        raise Invalid(
            "A kernel needs a display name of one line.", hint="Use at most 200 characters.", field="display_name"
        )
    return name


def checked_variables(variables: Mapping[str, str], known: Iterable[str] = ()) -> dict[str, str]:
    """Variables that a shell can set to these very values; ``known`` names are there already. Raises Invalid."""
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            raise Invalid(
                f"“{name}” cannot be the name of a variable.",
                hint="Use letters, digits and _ only, and no digit first.",
                field="variables",
            )
        if name not in known and is_reserved(name):
            raise Invalid(
                f"The variable {name} cannot be set for a kernel: the environment or the shell decides it.",
                hint="Take it out.",
                field="variables",
            )
        if len(value) > _LONGEST or not _is_text(value):
            raise Invalid(f"The value of {name} cannot be set.", hint="It is too long, or no text.", field="variables")
    return dict(variables)


def is_reserved(name: str) -> bool:
    """Whether a variable is ours or the shell's to set."""
    return name in _OURS or name in _THE_SHELLS or name.startswith(_PREFIXES)


def checked_modules(modules: Iterable[str]) -> list[str]:
    """Names of environment modules; raises Invalid."""
    found = [module.strip() for module in modules]
    for module in found:
        if not module or module.startswith("-") or len(module) > 200 or not _is_text(module, "\n\r"):
            raise Invalid(
                f"“{module}” cannot be the name of a module.",
                hint="Give each module as “module avail” shows it, such as cuda/12.4.",
                field="modules",
            )
    return found


def checked_arguments(arguments: Iterable[str]) -> list[str]:
    """Arguments that a program can be given; raises Invalid."""
    found = list(arguments)
    if not all(len(argument) <= _LONGEST and _is_text(argument) for argument in found):
        raise Invalid("An argument cannot be passed on.", hint="It is too long, or no text.", field="arguments")
    return found


def _is_text(text: str, without: str = "") -> bool:
    try:
        text.encode("utf-8")
    except UnicodeError:
        return False
    return not any(sign in text for sign in ("\0", *without))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _texts_by_name(value: Mapping[Any, Any]) -> dict[str, str]:
    return {name: text for name, text in value.items() if isinstance(text, str) and _NAME.fullmatch(str(name))}
