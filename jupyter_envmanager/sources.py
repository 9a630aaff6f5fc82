"""What a new environment starts from: packages that were typed, or a file that names them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

import msgspec

from .config import Settings
from .errors import ChannelUnreachable, EnvManagerError, Invalid
from .models import FileContent, FileSource, FileText, NewEnvironment, Problem, Source, SpecFormat, SpecsSource
from .pypi import PypiSettings
from .pypi.requirements import read as read_requirements
from .specfiles import ERROR, Draft, format_of, split_spec
from .specfiles.filespecs import FileSpec, relax, told
from .specfiles.reading import LOCKS, read_draft

# What ``pip freeze`` writes is right by its looks: to parse five hundred of them takes twenty milliseconds.
_PINNED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?==[0-9]{1,9}(?:\.[0-9]{1,9}){0,9}")


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose source is packages, whatever it was before.

    ``variables`` are set when the environment is active, ``problems`` is what a file says in vain. ``file_specs`` are
    all that it asks for, ``places`` the lines on which it first names a channel, by the channel's address.
    """

    request: NewEnvironment
    file_specs: list[FileSpec] = []
    places: dict[str, int] = {}
    variables: dict[str, str] = {}
    problems: list[Problem] = []


async def read(text: FileText, settings: Settings, pypi: PypiSettings) -> FileContent:
    """What a file asks for, with all that is wrong with it here: channels, specs and requirements are looked at, too.

    Nothing is solved and nothing is fetched.
    """
    format = text.format or format_of(text.filename, text.content)
    if format in LOCKS:
        return await asyncio.to_thread(_locked, text.content, format, settings, pypi.allowed_roots)
    draft = await asyncio.to_thread(_checked, text, settings, pypi.allowed_roots, channels=True)
    # It says that no others are wanted, and is none itself.
    draft.channels = draft.channels and [item for item in draft.channels if item.text != "nodefaults"]
    return draft.content()


async def start(request: NewEnvironment, settings: Settings, pypi: PypiSettings) -> Start:
    """What ``request`` starts from. Its own channels win over those of a file, which come before the configured ones
    as for conda, unless the file says ``nodefaults``.

    Raises
    ------
    Invalid
        The file cannot be used, or not be relaxed like this; ``line`` is that of the first problem, ``problems`` has
        all of them.
    """
    source = request.source
    if not isinstance(source, FileSource):
        return Start(request=request)
    draft, specs = await asyncio.to_thread(
        _relaxed,
        text_of(source),
        settings,
        pypi.allowed_roots,
        source.relaxed,
        channels=request.channels is None,
    )
    content = draft.content()
    if not content.usable:
        raise unusable(content.problems)
    reachable = await asyncio.to_thread(_all_reachable, specs, settings)
    channels = await asyncio.to_thread(_channels, request.channels, content.channels, content.specs, settings)
    return Start(
        request=msgspec.structs.replace(
            request,
            source=SpecsSource(specs=[one.asked for one in reachable if one.manager == "conda"], pypi=content.pypi),
            channels=channels,
        ),
        file_specs=reachable,
        places=await asyncio.to_thread(_places, draft, settings),
        variables=content.variables,
        problems=[*told(specs), *content.problems],
    )


def format_of_lock(source: Source) -> SpecFormat | None:
    """The format of a source that names exact packages, which `start` is not for; None for every other source."""
    if not isinstance(source, FileSource):
        return None
    text = text_of(source)
    format = text.format or format_of(text.filename, text.content)
    return format if format in LOCKS else None


def text_of(source: FileSource) -> FileText:
    """The file of a request.

    Raises
    ------
    Invalid
        There is no such format.
    """
    if source.format and source.format not in get_args(SpecFormat):
        hint = f"There are {', '.join(get_args(SpecFormat))}."
        raise Invalid(f"“{source.format}” is not a format that can be read.", hint=hint, field="source")
    return FileText(
        content=source.content,
        filename=source.filename,
        format=source.format or None,  # type: ignore[arg-type]
    )


def unusable(problems: Sequence[Problem]) -> Invalid:
    """The error for a file with these problems."""
    errors = [problem for problem in problems if problem.code == ERROR]
    first = errors[0]
    line = first.details.get("line")
    more = f" There are {len(errors) - 1} more problems." if len(errors) > 2 else ""
    more = " There is one more problem." if len(errors) == 2 else more
    return Invalid(
        (f"Line {line}: " if line else "") + first.message + more,
        hint=first.hint,
        field="source",
        **({"line": line} if line else {}),
        problems=msgspec.to_builtins(errors),
    )


def located(
    error: ChannelUnreachable, places: Mapping[str, int], silent: Mapping[str, EnvManagerError]
) -> ChannelUnreachable:
    """The error for channels that cannot be read, each at the line of the file that names it; else ``error`` itself.

    Parameters
    ----------
    places:
        As `Start` has them.
    silent:
        Why channels cannot be read, by their address.
    """
    mine = "Correct the channel, or take it out; if it is right, check your network and try again."
    found = sorted(
        (places[url], reason.message, reason.hint if reason.details.get("their_fault") else mine)
        for url, reason in silent.items()
        if url in places
    )
    if not found:
        return error
    problems = [
        Problem(code=ERROR, message=message, hint=hint, field="source", details={"line": line})
        for line, message, hint in found
    ]
    line, message, hint = found[0]
    more = "".join(f" Line {other}: {text}" for other, text, _ in found[1:])
    details = {**error.details, "line": line, "problems": msgspec.to_builtins(problems)}
    return ChannelUnreachable(f"Line {line}: {message}{more}", hint=hint, field="source", **details)


def _places(draft: Draft, settings: Settings) -> dict[str, int]:
    """Blocks: imports the engine."""
    from .engine.client import clean_url

    named = [(name, line) for name, line in draft.channels or [] if name != "nodefaults"]
    named += [(channel, line) for spec, line in draft.specs if (channel := split_spec(spec)[0])]
    found: dict[str, int] = {}
    for name, line in named:
        for url in settings.channel_urls(name):
            found.setdefault(clean_url(url), line)
    return {url: line for url, line in found.items() if line}


def _checked(text: FileText, settings: Settings, roots: Sequence[str], *, channels: bool) -> Draft:
    return _relaxed(text, settings, roots, {}, channels=channels)[0]


def _relaxed(
    text: FileText, settings: Settings, roots: Sequence[str], relaxed: Mapping[str, str], *, channels: bool
) -> tuple[Draft, list[FileSpec]]:
    """Blocks: imports the engine, and looks at the paths of requirements."""
    from .engine.solve import platform

    draft = read_draft(text, platform())
    specs = relax(draft, relaxed if draft.usable else {})
    if channels:
        for name, line in draft.channels or []:
            _note(draft, line, _channel_problem(name, settings))
    known: set[str] = set()
    for spec, line in draft.specs:
        channel, _, _ = split_spec(spec)
        _note(draft, line, _spec_problem(spec))
        if channel and channel not in known:
            known.add(channel)
            _note(draft, line, _channel_problem(channel, settings))
    for requirement, line in draft.pypi:
        _note(draft, line, _requirement_problem(requirement, roots))
    return draft, specs


def _locked(text: str, format: SpecFormat, settings: Settings, roots: Sequence[str]) -> FileContent:
    """Blocks: imports the engine, which nobody pays for before it is used."""
    from .engine.lockcontent import content

    return content(text, format, settings, roots)


def _note(draft: Draft, line: int, error: EnvManagerError | None) -> None:
    if error is not None:
        draft.error(line, error.message, error.hint)


def _spec_problem(spec: str) -> EnvManagerError | None:
    from .engine.solve import parse_specs

    try:
        parse_specs([spec])
    except EnvManagerError as error:
        return error
    return None


def _channel_problem(name: str, settings: Settings) -> EnvManagerError | None:
    try:
        settings.channel_urls(name)
        settings.check_channel_allowed(name)
    except EnvManagerError as error:
        return error
    return None


def _requirement_problem(line: str, roots: Sequence[str]) -> EnvManagerError | None:
    if _PINNED.fullmatch(line):
        return None
    try:
        read_requirements([line], [], roots)
    except EnvManagerError as error:
        return error
    return None


def _all_reachable(specs: Sequence[FileSpec], settings: Settings) -> list[FileSpec]:
    """Blocking: a file may have thousands."""
    return [one._replace(asked=_reachable(one.asked, settings)) if one.manager == "conda" else one for one in specs]


def _reachable(spec: str, settings: Settings) -> str:
    """A spec whose channel is one place: ``defaults::numpy`` may come from any of the channels behind that name."""
    channel, subdir, rest = split_spec(spec)
    if not channel or len(settings.channel_urls(channel)) == 1:
        return spec
    return f"{rest}[subdir={subdir}]" if subdir and "[" not in rest else rest


def _channels(
    asked: Sequence[str] | None, named: Sequence[str] | None, specs: Iterable[str], settings: Settings
) -> list[str] | None:
    """The channels of a request, a file or the configuration, and last those that only a spec names."""
    names: list[str] = []
    if asked is not None:
        names = list(asked)
    elif named is not None:
        names = [name for name in named if name != "nodefaults"]
        names += [] if "nodefaults" in named else settings.channels
    there = {url for name in names or settings.channels for url in settings.channel_urls(name)}
    own = [channel for channel in dict.fromkeys(split_spec(spec)[0] for spec in specs) if channel]
    if more := [channel for channel in own if not there.issuperset(settings.channel_urls(channel))]:
        names = [*(names or settings.channels), *more]
    # Nothing stands for the configured ones.
    return list(dict.fromkeys(names)) or None
