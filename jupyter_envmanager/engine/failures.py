"""Which of our errors a rattler exception becomes.

rattler raises flat exception classes whose text carries the cause; every one it exports is listed here, and a test
fails when a new release brings one that is not.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rattler import exceptions as foreign

from ..errors import (
    ChannelUnreachable,
    Damaged,
    EnvManagerError,
    Internal,
    Invalid,
    NoSpace,
    NotAllowed,
    Unsatisfiable,
)
from ..redaction import redact

_URL = re.compile(r"https?://[^\s'\"()<>]+|file://[^\s'\"()<>]+")

# People know a channel by its address, not by the files of its index.
_INDEX = re.compile(r"/(noarch|[a-z]+-[a-z0-9]+)/[^/]+$")

_NO_ANSWER = ("connection refused", "connect error", "dns error", "(connect)", "operation timed out")

# As much as anybody reads, of an explanation with all its branches.
_MOST_LETTERS, _MOST_LINES, _LONGEST_LINE = 100_000, 400, 500

_SPEC_HINT = "Write it like “numpy”, “python=3.12” or “pandas>=2,<3”."

ERRORS: dict[str, type[EnvManagerError]] = {
    "ActivationError": Internal,
    "ActivationScriptFormatError": Internal,
    "AttestationError": Damaged,
    "AuthenticationStorageError": Internal,
    "CacheDirError": NotAllowed,
    "CanonicalMatchSpecError": Invalid,
    "ConfigError": Internal,
    "ConversionError": Internal,
    "ConvertSubdirError": Invalid,
    "DetectVirtualPackageError": Internal,
    "EnvironmentCreationError": Internal,
    "ExtractError": Damaged,
    "FetchRepoDataError": ChannelUnreachable,
    "GatewayError": ChannelUnreachable,
    "GatewayWarning": ChannelUnreachable,
    "InstallerError": Damaged,
    "InvalidChannelError": Invalid,
    "InvalidHeaderNameError": Internal,
    "InvalidHeaderValueError": Internal,
    "InvalidMatchSpecError": Invalid,
    "InvalidPackageNameError": Invalid,
    "InvalidUrlError": Invalid,
    "InvalidVersionError": Invalid,
    "InvalidVersionSpecError": Invalid,
    "IoError": Internal,
    "LinkError": Damaged,
    "LockFileError": Damaged,
    "PackageNameMatcherParseError": Invalid,
    "ParseArchError": Invalid,
    "ParseCondaLockError": Invalid,
    "ParseExplicitEnvironmentSpecError": Invalid,
    "ParseSubdirError": Invalid,
    "RequirementError": Unsatisfiable,
    "ShellError": Internal,
    "SolverError": Unsatisfiable,
    "TransactionError": Damaged,
    "ValidatePackageRecordsError": Unsatisfiable,
    "VersionBumpError": Invalid,
    "VersionExtendError": Invalid,
    "VirtualPackageOverrideError": Invalid,
}

_CLASSES = tuple(
    exception
    for name in ERRORS
    if isinstance(exception := getattr(foreign, name, None), type) and issubclass(exception, Exception)
)


def first_url(text: str) -> str | None:
    """The first URL in an error's text, without credentials."""
    found = _URL.search(text)
    return redact(found.group(0)).rstrip(".,:;") if found else None


def translate(error: BaseException, channels: Sequence[str] = ()) -> EnvManagerError:
    """The error to show for something rattler raised. Never carries credentials.

    Parameters
    ----------
    channels:
        Clean URLs of the channels that were asked, for an error that does not say which one failed.
    """
    text = _presentable(str(error))
    lowered = text.lower()
    if "os error 28" in lowered or "no space left" in lowered or "quota exceeded" in lowered:
        return no_space()
    kind = ERRORS.get(type(error).__name__, Internal)
    # The same class tells of a broken archive and of a channel that went away while it was downloaded.
    if kind is ChannelUnreachable or (kind is Damaged and any(sign in lowered for sign in _NO_ANSWER)):
        return unreachable(text, channels)
    if kind is Damaged:
        return _damaged(text)
    if kind is Invalid:
        return Invalid(f"This cannot be read: {_first_line(text)}.", hint=_SPEC_HINT, field="specs", engine=text)
    if kind is Unsatisfiable:
        return Unsatisfiable(readable_conflict(text), hint="Relax or remove one of the specs named above.")
    return kind(f"The engine stopped: {_first_line(text)}.", engine=text)


def _presentable(text: str) -> str:
    """What the engine says, without credentials, and without what a channel can put into its mouth: a needed package of
    ten million letters, or of characters that command a terminal.
    """
    lines = redact(text[:_MOST_LETTERS]).strip().split("\n")
    plain = ["".join(letter if letter.isprintable() else "\ufffd" for letter in line[:_LONGEST_LINE]) for line in lines]
    cut = [f"{line}…" if len(line) == _LONGEST_LINE else line for line in plain[:_MOST_LINES]]
    return "\n".join([*cut, "…"] if len(lines) > _MOST_LINES else cut)


def unreachable(text: str, channels: Sequence[str] = ()) -> ChannelUnreachable:
    """A channel that does not answer, or answers nonsense, with the reason in plain words."""
    file = first_url(text)
    host = (_INDEX.sub("", file).rstrip("/") if file else " or ".join(channels)) or "that was asked"
    hint = "Check the channel's name and your network, then try again, or choose other channels."
    details: dict[str, bool] = {}
    lowered = text.lower()
    if "dns error" in lowered or "lookup" in lowered:
        reason = "its host name is not known here"
    elif "connection refused" in lowered or "tcp connect error" in lowered:
        reason = "nothing answers there"
    elif "certificate" in lowered:
        reason = "its certificate is not trusted here (conda's ssl_verify setting can name the right authority)"
    elif "timed out" in lowered:
        reason = "it did not answer in time"
    elif status := re.search(r"\b(?:status|error) (?:client error |server error )?\(?(\d{3})", lowered):
        reason = f"it answered HTTP {status.group(1)}"
        if status.group(1).startswith("5"):
            hint = "Its server is in trouble: try again later, or ask whoever runs it."
            details["their_fault"] = True
    elif "could not find subdir" in lowered:
        reason = "there is no repodata.json at that address"
    elif "cache" in lowered and any(sign in lowered for sign in ("not available", "not in the", "no usable")):
        reason = "its index is not in the cache, and conda's configuration says offline"
    else:
        reason = "its package index could not be read"
    return ChannelUnreachable(
        f"The channel {host} cannot be used: {reason}.",
        hint=hint,
        field="channels",
        engine=text,
        **details,
    )


def answered(error: EnvManagerError) -> bool:
    """Whether the server of a channel that cannot be used is there all the same, and refuses what was asked."""
    text = str(error.details.get("engine", "")).lower()
    return "could not find subdir" in text or "client error (4" in text


def no_space(where: str = "") -> NoSpace:
    """A full disk or quota."""
    place = f" in {where}" if where else ""
    return NoSpace(
        f"No space is left{place}. Nothing was changed.",
        hint="Free some space or choose another location, then try again.",
    )


def readable_conflict(text: str) -> str:
    """The solver's explanation without its preamble; its tree of reasons keeps its line breaks."""
    body = re.sub(r"^Cannot solve the request because of:\s*", "", text.strip())
    return body or text.strip()


def _damaged(text: str) -> Damaged:
    lowered = text.lower()
    url = first_url(text)
    if "hash mismatch" in lowered or "sha256" in lowered or "md5" in lowered:
        what = f"The download {url or 'of a package'} does not match its checksum"
        hint = "It was tried twice. The channel or a proxy on the way delivers a damaged file: tell who runs it."
    elif url is not None:
        what = f"The package {url} could not be fetched"
        hint = "Check your network, then create again; what was downloaded is kept."
    else:
        what = f"A package could not be installed: {_first_line(text)}"
        hint = "Nothing was changed. Try again; if it stays, report the details."
    return Damaged(f"{what}.", hint=hint, engine=text)


def _first_line(text: str) -> str:
    return (text.splitlines() or ["no reason given"])[0].rstrip(".")


@contextmanager
def translated(where: str = "", channels: Sequence[str] = ()) -> Iterator[None]:
    """Turn whatever rattler or the disk raises inside into one of our errors."""
    try:
        yield
    except _CLASSES as error:
        raise translate(error, channels) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(where) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise NotAllowed(
                f"{error.filename or where}: you may not write here.", hint="Choose a folder that is yours."
            ) from error
        raise
