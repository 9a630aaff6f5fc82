"""What an export does not have, and why, as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..models import Environment, Problem
from ..words import first

_SHOWN = 5


def left_out(names: Iterable[str], message: str, hint: str) -> Iterator[Problem]:
    """One problem for all names, or none; ``{}`` in the message stands for them."""
    listed = list(dict.fromkeys(names))
    if listed:
        yield Problem(
            code="not_exported", message=message.format(first(listed, _SHOWN)), hint=hint, details={"names": listed}
        )


def channel_problems(local: Sequence[str], unknown: Sequence[str], private: Sequence[str]) -> Iterator[Problem]:
    """Of packages whose channel only this machine has, or nobody knows; and of channels that ask who one is."""
    yield from left_out(
        local,
        "From a channel that only this machine has: {}.",
        "The channel is left out. Others need one of their own that has these packages.",
    )
    yield from left_out(
        unknown,
        "It is not on record which channel has brought: {}.",
        "Others may find this on one of the channels in the file, or not at all.",
    )
    yield from _guarded(private)


def _guarded(private: Sequence[str]) -> Iterator[Problem]:
    yield from left_out(
        private,
        "A password or token is needed for the channel {}, and is left out.",
        "Whoever uses the file needs one of their own.",
    )


def pypi_problems(local: Sequence[str], hidden: Sequence[str], variants: Sequence[str]) -> Iterator[Problem]:
    """Of Python packages from this machine, from addresses with a password, and from PyTorch's own index."""
    yield from left_out(
        local,
        "Installed from a folder or file of this machine, so left out: {}.",
        "Publish it, or put it into a Git repository, and install it from there.",
    )
    yield from left_out(
        hidden,
        "The address that {} was installed from holds a password or token, which is left out.",
        "Whoever uses the file needs one of their own.",
    )
    for variant in dict.fromkeys(variants):
        yield from left_out(
            [variant],
            "The Python packages built for {} are on PyTorch’s own index.",
            f"pip finds them with “--extra-index-url https://download.pytorch.org/whl/{variant}”; images have that.",
        )


def variable_problems(secret: Sequence[str], here: Sequence[str]) -> Iterator[Problem]:
    """Of variables that look like passwords, or mean nothing elsewhere."""
    yield from left_out(
        secret,
        "Variables that look like passwords or tokens are left out: {}.",
        "Who uses the file sets them anew, with “conda env config vars set”.",
    )
    yield from left_out(
        here,
        "Variables that mean nothing elsewhere, such as folders of this environment, are left out: {}.",
        "Set them anew where the file is used, should anything need them there.",
    )


def platform_problems(one: Sequence[str], no_mac: Sequence[str]) -> Iterator[Problem]:
    """Of packages that not every platform has."""
    yield from left_out(
        one,
        "These exist for one platform only, and are left out: {}.",
        "Other packages bring their like where they need it.",
    )
    yield from left_out(
        no_mac, "There is no CUDA for macOS: {}.", "Take these lines out where the file is used on a Mac."
    )


def locked_problems(local: Sequence[str], private: Sequence[str], unreadable: Sequence[str]) -> Iterator[Problem]:
    """Of packages that a lock names and others cannot have just so, and of those that it cannot name."""
    yield from left_out(
        local,
        "From a channel that only this machine has: {}.",
        "The lock works here. Others need a lock of an environment from a channel that they can reach.",
    )
    yield from _guarded(private)
    yield from left_out(
        unreadable,
        "Records that cannot be read are left out: {}.",
        "Repair the environment, or ask its owner to let you read them, and export it again.",
    )


def not_explicit(pypi: Iterable[str]) -> Iterator[Problem]:
    """Of Python packages where only conda's can be listed."""
    yield from left_out(
        pypi,
        "An explicit list has conda packages only, so these are left out: {}.",
        "Export a pixi.lock, a conda-lock file or an environment.yml to have them.",
    )


def needs_pip(pypi: Iterable[str]) -> Iterator[Problem]:
    """Of Python packages in a conda-lock file of an environment without pip.

    conda-lock runs whichever pip it finds then, and installs them elsewhere.
    """
    yield from left_out(
        pypi,
        "conda-lock and micromamba install these with the environment’s own pip, and it has none: {}.",
        "Install pip into the environment and export it again, or export a pixi.lock.",
    )


def not_whole(environment: Environment) -> Iterator[Problem]:
    """Of an environment that is broken: making it anew from a file is a way out."""
    if environment.problem is not None:
        yield Problem(
            code="not_exported",
            message=f"{environment.name} is not whole. {environment.problem.message}",
            hint="The file has what is on record.",
        )


def not_asked() -> Problem:
    """Of an environment whose history is silent."""
    return Problem(
        code="not_exported",
        message="It is not on record what was asked for in this environment.",
        hint="The file has the packages that no other package needs.",
    )
