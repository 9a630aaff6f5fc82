"""Which of our errors a failure of uv becomes.

uv tells its errors as text only: ``error: …``, then ``cause: …`` lines, then ``hint: …``.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..errors import (
    BuildFailed,
    ChannelUnreachable,
    Damaged,
    EnvManagerError,
    Internal,
    NoSpace,
    NotFound,
    Unsatisfiable,
)
from ..redaction import redact

# Bytes of a build log that a person can use.
LOG_BYTES = 20_000

_MISSING = re.compile(r"\b([\w.-]+)\s+was\s+not\s+found\s+in\s+the\s+package\s+registry")
_BUILD = re.compile(r"Failed to (?:download and )?build(?: editable)? `([^`]+)`")
_URL = re.compile(r"\b(?:git\+)?(?:https?|ssh|file)://[^\s`'\"()<>]+")
_MISMATCH = re.compile(r"(?:Hash|Size) mismatch for `([^`]+)`")
_CONCLUSION = re.compile(r",? we can conclude that your requirements are unsatisfiable")


def translate(errors: str) -> EnvManagerError:
    """The error to show for what uv wrote to standard error. Never carries credentials."""
    text = redact(_from_the_error(errors)).strip()
    lowered = text.lower()
    if "os error 28" in lowered or "no space left" in lowered or "quota exceeded" in lowered:
        return NoSpace("No space is left for the PyPI packages.", hint="Free some space, then try again.", uv=text)
    if mismatch := _MISMATCH.search(text):
        return _mismatch(mismatch.group(1), text)
    if "no solution found" in lowered:
        return _unsolved(text)
    if (built := _BUILD.search(text)) and (not _fetching(lowered) or "build backend" in lowered):
        return _build_failed(built.group(1), text)
    if "git operation failed" in lowered or "failed to fetch commit" in lowered or "git fetch" in lowered:
        return _git(text)
    if _fetching(lowered):
        return unreachable(text)
    return Internal(f"uv stopped: {_first_line(text)}.", hint="Report this with the details.", uv=text[-LOG_BYTES:])


def unreachable(text: str) -> ChannelUnreachable:
    """An index that does not answer, or answers nonsense, with the reason in plain words."""
    lowered = text.lower()
    if "dns error" in lowered or "name or service not known" in lowered or "name resolution" in lowered:
        reason = "its host name is not known here"
    elif "refused" in lowered or "tcp connect" in lowered:
        reason = "nothing answers there"
    elif "certificate" in lowered:
        reason = "its certificate is not trusted here"
    elif "network was disabled" in lowered or "network connectivity is disabled" in lowered:
        reason = "conda's configuration says offline, and the package is not in the cache"
    elif "authentication" in lowered or re.search(r"(?<![:\d])40[13]\b", _URL.sub("", text)):
        reason = "it wants a user name and password, or those given are not valid"
    elif "timed out" in lowered or "timeout" in lowered:
        reason = "it did not answer in time"
    elif status := re.search(r"HTTP status (?:client|server) error \((\d{3})", text):
        reason = f"it answered HTTP {status.group(1)}"
    elif "reading a body" in lowered or "end of file" in lowered:
        reason = "the download broke off"
    else:
        reason = "its answer could not be read"
    return ChannelUnreachable(
        f"The package index {host(text)} cannot be used: {reason}.",
        hint="Check your network, then try again; a site behind a proxy names its own index in the settings.",
        field="pypi",
        uv=text[-LOG_BYTES:],
    )


def host(text: str) -> str:
    """Host and port of the first URL in ``text``, without credentials."""
    found = _URL.search(text)
    if found is None:
        return "that was asked"
    return urlsplit(found.group(0)).netloc.rpartition("@")[2] or found.group(0)


def _from_the_error(errors: str) -> str:
    """Without the progress lines before the error."""
    start = re.search(r"^(error:|  × )", errors, re.MULTILINE)
    return errors[start.start() :] if start else errors


def _first_line(text: str) -> str:
    return (text.splitlines() or ["no reason given"])[0].removeprefix("error:").strip().rstrip(".")


def _fetching(lowered: str) -> bool:
    signs = (
        "failed to fetch",
        "failed to download",
        "request failed",
        "error sending request",
        "unexpected json",
        "unexpected html",
        "network connectivity is disabled",
        "client error",
    )
    return any(sign in lowered for sign in signs)


def _unsolved(text: str) -> EnvManagerError:
    lowered = text.lower()
    if "authentication credentials" in lowered or "network was disabled" in lowered or "403 forbidden" in lowered:
        return unreachable(text)
    if missing := _MISSING.search(text):
        name = missing.group(1)
        return NotFound(
            f"There is no package “{name}” on the Python package index.",
            hint="Check the spelling, or look whether a conda channel has it.",
            field="pypi",
            package=name,
            uv=text,
        )
    return Unsatisfiable(
        _explanation(text), hint="Relax or remove one of the requirements named above.", field="pypi", uv=text
    )


def _explanation(text: str) -> str:
    """The reasons alone, each on its line."""
    body, _, _ = text.partition("\nhint:")
    _, _, reasons = body.partition("\n")
    lines = (re.sub(r"^\s*(cause:|╰─▶|│)?\s*", "", line) for line in reasons.splitlines())
    told = "\n".join(line for line in lines if line)
    return _CONCLUSION.sub(", this cannot be solved", told) or _first_line(text)


def _build_failed(what: str, text: str) -> BuildFailed:
    name = what.partition("@")[0].strip().replace("==", " ")
    return BuildFailed(
        f"{name} could not be built from its source.",
        hint="Its build log says why; often a compiler or library is missing, which a conda package brings along.",
        field="pypi",
        package=name.partition(" ")[0],
        log=text.encode()[-LOG_BYTES:].decode("utf-8", "ignore"),
    )


def _mismatch(what: str, text: str) -> Damaged:
    return Damaged(
        f"The download of {what.replace('==', ' ')} does not match its checksum or size.",
        hint="The index or a proxy on the way delivers a damaged file: tell who runs it.",
        field="pypi",
        uv=text,
    )


def _git(text: str) -> EnvManagerError:
    return NotFound(
        f"The Git repository {host(text)} could not be read: {_last_line(text)}.",
        hint="Check its address and the branch or tag, and that you may read it without typing a password.",
        field="pypi",
        uv=text[-LOG_BYTES:],
    )


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return re.sub(r"^\s*(cause:|fatal:|error:)\s*", "", lines[-1].strip()).rstrip(".") if lines else "no reason given"
