"""An environment in words that make sense on another machine, and the sum over exactly what it is made of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from ..config.channelnames import split_url
from ..models import Description, Package, Packages
from ..redaction import redact

_SPEC = re.compile(
    r"(?:.*::)?\s*(?P<name>[A-Za-z0-9_][\w.-]*)\s*(?P<version>[=<>!~][^\[\]]*|[\d*][^\[\]]*)?(?:\[(?P<fields>.*)\])?"
)
_VERSION = re.compile(r"[0-9A-Za-z.*+!_,|<>=~-]*[0-9A-Za-z.*_]")
_LONGEST = 1000
_VERSION_FIELD = re.compile(r"version\s*=\s*(?:(?P<quote>[\"'])(?P<quoted>.*?)(?P=quote)|(?P<bare>[^\"',\]]+))")
_HIDDEN = "***@"
# Addresses that mean something on one machine only.
_LOCAL = re.compile(r"(?:file:|[./~\\]|[A-Za-z]:[/\\]|https?://(?:localhost|127\.|\[::1\]|0\.0\.0\.0))", re.IGNORECASE)
_KNOWN_HOSTS = re.compile(r"(?:conda\.anaconda\.org|repo\.anaconda\.com)/(.+)")


def describe(packages: Packages, channels: Sequence[str] | None, name: str, python: str | None = None) -> Description:
    """Describe an environment.

    Parameters
    ----------
    packages:
        What is installed. Of a virtual environment, and of one whose packages nobody is known to have asked for,
        those are described that no other package needs.
    channels:
        Names or URLs; those that are folders, or on this very machine, are left out, and so are credentials.
    name:
        What it is called.
    python:
        The version of its Python: said as a spec where nobody asked for another one.
    """
    conda = [package for package in packages.packages if package.manager == "conda"]
    pypi = [package for package in packages.packages if package.manager == "pypi"]
    specs = [portable(package.spec or "", package.name) for package in asked(conda)]
    if python:
        # Whatever was asked for: code that ran with one Python is no code for the next.
        pinned = f"python={'.'.join(python.split('.')[:2])}"
        if not any(package.name == "python" for package in conda):
            specs.insert(0, pinned)
        specs = [pinned if spec == "python" else spec for spec in specs]
    return Description(
        name=name,
        specs=list(dict.fromkeys(specs)),
        pypi=[line for package in asked(pypi) if (line := requirement(package))],
        channels=public_channels(channels or ()),
        lock=lock(packages.packages),
        python=python,
    )


def lock(packages: Iterable[Package]) -> str:
    """sha256 over what is installed, wherever it came from: manager, name, version and build of every package."""
    lines = sorted(f"{one.manager} {one.name} {one.version} {one.build}\n" for one in packages)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def portable(spec: str, name: str) -> str:
    """A match spec without channel and build: the version as it was asked for, the name alone where it is none."""
    match = _SPEC.fullmatch(spec.strip()) if len(spec) <= _LONGEST else None
    if match is None or match["name"].lower() != name.lower():
        return name
    version = (match["version"] or "").strip()
    if not version and match["fields"] and (inner := _VERSION_FIELD.search(match["fields"])):
        version = (inner["quoted"] or inner["bare"] or "").strip()
    # “1.2 py312_0” and “=1.2=py312_0”: what follows is a build. “=1.2” and “==1.2” are not the same.
    version = re.sub(r"\s*([,|])\s*", r"\1", version)
    version = version.split()[0] if version else ""
    if exact := re.fullmatch(r"(={1,2}[^=<>!~,|]+)=[^=]*", version):
        version = exact[1]
    if not _VERSION.fullmatch(version):
        # A path or an address, maybe with a password in it.
        return name
    if version[0] not in "=<>!~":
        version = f"={version}"
    return f"{name}{version}"


def public_channels(channels: Iterable[str]) -> list[str]:
    """Channels as others know them, by name where they have a known one."""
    return list(dict.fromkeys(name for channel in channels if (name := _public(channel.strip()))))


def _public(channel: str) -> str:
    if not channel or _LOCAL.match(channel):
        return ""
    url = split_url(channel)
    if url is None:
        # Some write an address without its scheme, and a password in it.
        return "" if "@" in channel or redact(channel) != channel else channel
    # A password in an address may hide what it means: it is looked at without.
    plain = f"{url.scheme}://{url.place}"
    if url.scheme not in ("http", "https") or _LOCAL.match(plain):
        return ""
    known = _KNOWN_HOSTS.fullmatch(url.place.rstrip("/"))
    return known[1] if known else plain


def asked(packages: Sequence[Package]) -> Iterator[Package]:
    """Those that were asked for; where nobody knows, those that no other needs."""
    known = any(package.requested for package in packages)
    return (one for one in packages if (one.requested if known else not one.needed_by))


def requirement(package: Package) -> str:
    """The line that installs a Python package elsewhere; ``""`` for one that is on this machine only."""
    source = package.spec or ""
    _, at, url = source.partition(" @ ")
    if not at and source.startswith(("-e", "/", ".", "file:")):
        return ""
    if not at or "://" not in url:
        return f"{package.name}=={package.version}"
    scheme = url.partition("://")[0]
    if scheme == "file" or scheme.endswith("+file"):
        return ""
    # Who may fetch it is for each to say; that the user of “git+ssh” is git is no secret.
    url = url.replace(_HIDDEN, "git@" if scheme.endswith("ssh") else "", 1)
    return f"{package.name} @ {url}" if "***" not in url else f"{package.name}=={package.version}"
