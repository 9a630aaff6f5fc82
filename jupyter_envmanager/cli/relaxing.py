"""Specs of a file that cannot be met, for a terminal: what could stand for them, and how that is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, get_args

import msgspec

from ..errors import EnvManagerError
from ..models import Change, FileSource, NewEnvironment, Plan, Relaxation, Relaxed, RelaxedSpec

Wish = TypeVar("Wish", NewEnvironment, Change)

_LEVELS: tuple[Relaxed, ...] = get_args(Relaxed)


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option of commands that take a file."""
    parser.add_argument(
        "--relax",
        choices=_LEVELS,
        help="where a file's specs cannot be met, drop their builds, also patch versions, or also versions: "
        "only as much as has to be",
    )


async def preview(
    ask: Callable[[Wish], Awaitable[Plan]], request: Wish, options: argparse.Namespace
) -> tuple[Wish, Plan]:
    """The plan, and the request that it is for: with less asked for where that is allowed and has to be.

    Parameters
    ----------
    ask:
        Makes the plan of a request.

    Raises
    ------
    EnvManagerError
        As the service does, where what may be dropped is not enough.
    """
    while True:
        try:
            return request, await ask(request)
        except EnvManagerError as error:
            source = request.source
            chosen = _chosen(error.details, getattr(options, "relax", None))
            if not isinstance(source, FileSource) or not chosen or chosen.items() <= source.relaxed.items():
                raise
            milder = msgspec.structs.replace(source, relaxed={**source.relaxed, **chosen})
            request = msgspec.structs.replace(request, source=milder)


def lines(details: Mapping[str, Any]) -> list[str]:
    """What a problem says of specs, one a line, and which option has them relaxed."""
    found = _found(details)
    told = []
    for one in found:
        place = f"line {one.line}: " if one.line else ""
        offers = ", ".join(f"{choice.spec} ({choice.found})" for choice in one.choices)
        told.append(f"- {place}{one.spec}: {one.message}{f' Possible: {offers}.' if offers else ''}")
    if found and all(one.choices for one in found):
        level = max((one.choices[0].drops for one in found), key=_LEVELS.index)
        told.append(f"Add --relax {level} to ask for less where it has to be.")
    return told


def _chosen(details: Mapping[str, Any], level: Relaxed | None) -> dict[str, str]:
    """The mildest choice of each spec; none where one of them has none that is allowed."""
    found = _found(details) if level is not None else []
    chosen = {one.spec: choice.spec for one in found if (choice := _allowed(one, level)) is not None}
    return chosen if len(chosen) == len({one.spec for one in found}) else {}


def _allowed(one: Relaxation, level: Relaxed | None) -> RelaxedSpec | None:
    most = _LEVELS.index(level) if level is not None else -1
    return next((choice for choice in one.choices if _LEVELS.index(choice.drops) <= most), None)


def _found(details: Mapping[str, Any]) -> list[Relaxation]:
    return msgspec.convert(details.get("relaxations", []), list[Relaxation])
