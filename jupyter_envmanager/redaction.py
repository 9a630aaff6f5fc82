"""Credentials out of any text, before it reaches a log, a response or an event.

Rather too much than too little: a text that only looks like a credential is hidden as well.
"""

from __future__ import annotations

import re

_HIDDEN = "***"

# A password may hold anything but white space, even `/`, `@` and quotes that should have been percent-encoded. A quote
# that closes a JSON string ends it, so that one line of compact JSON stays readable.
_CHAR = r"""(?:[^\s/"]|"(?![,:\]}]))"""
_LOOSE_CHAR = r"""(?:[^\s"]|"(?![,:\]}]))"""

# Of a variable that holds a credential.
_SECRET_NAME = re.compile(r"token|passw|pwd|secret|credential|auth|(?:api|access|private)_?key", re.IGNORECASE)

# Enough to see the end of any credential that begins in what is shown of a text.
_LONGEST = 10_000

# What has to be somewhere in the text for a rule to find anything, the rule, and what stands there instead.
_RULES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("@", re.compile(rf"(?<=://){_CHAR}*@"), f"{_HIDDEN}@"),
    ("@", re.compile(rf"(?<=://)[^\s/@:\"]*:{_LOOSE_CHAR}{{1,512}}@"), f"{_HIDDEN}@"),
    # Proxies are often written without a scheme.
    ("@", re.compile(r"(?<![\w.%+~/@-])[\w.%+~-]{1,128}:[^\s/@\"',]{1,256}@(?=[\w\[])"), f"{_HIDDEN}@"),
    # https://www.anaconda.com/docs/tools/anaconda-org/user-guide/tokens
    ("/t/", re.compile(r"(?<=/t/)[^\s/?#\"<>]+"), _HIDDEN),
    (
        "=",
        re.compile(
            r"(?i)(?<![\w.-])([\w.-]*(?:token|password|passwd|secret|signature|credential|api[_-]?key)=)"
            r"[^\s&#\"']*"
        ),
        rf"\1{_HIDDEN}",
    ),
    ("=", re.compile(r"(?i)([?&;](?:[\w.-]*[_.-])?(?:key|sig|auth|pwd|pass)=)[^\s&#\"']*"), rf"\1{_HIDDEN}"),
    (
        "",
        re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+)[^\s\"',]+"),
        rf"\1{_HIDDEN}",
    ),
)


def redact(text: str) -> str:
    """``text`` without the credentials in it.

    Hidden are ``user:password@`` in URLs and proxies, ``/t/<token>`` of channel URLs, query values named like
    ``token=`` and ``Authorization`` headers.

    Parameters
    ----------
    text:
        Anything: a URL, a log line, a message of another library. Never raises; redacting twice changes nothing.
    """
    for needle, pattern, replacement in _RULES:
        if needle in text:
            text = pattern.sub(replacement, text)
    return text


def redact_value(name: str, value: str) -> str:
    """The value of a variable without the credentials in it: none of it, where the name says that it is one."""
    return _HIDDEN if _SECRET_NAME.search(name) else redact(value)


def excerpt(text: str, letters: int = 200) -> str:
    """The beginning of a text of any length, without the credentials in it."""
    return redact(text[:_LONGEST])[:letters]
