"""What of an environment makes sense elsewhere, and what does not?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from ..changes import environment_channels
from ..config import Settings
from ..config.channelnames import Channel, split_url
from ..environments.origins import Origin, origins
from ..environments.variables import read_variables
from ..errors import Invalid
from ..models import Environment, FileContent, Package, Packages, Problem
from ..notebooks import describe
from ..notebooks.description import asked, portable, public_channels, requirement
from ..pypi.names import normal
from ..redaction import redact_value
from .leftout import channel_problems, platform_problems, pypi_problems, variable_problems

_HIDDEN = "***"
# Names that exist for one system only; what other packages need of it comes by itself.
_ONE_PLATFORM = re.compile(
    r"__.*|.*[_-](?:linux|osx|win)-(?:32|64|aarch64|arm64|ppc64le|s390x)|(?:m2|msys2)-.*|_libgcc_mutex|_openmp_mutex"
    r"|libg(?:cc|omp|fortran\d*)(?:-ng)?|libstdcxx(?:-ng)?|libcxx|vc|vc14_runtime|vs20\d\d_runtime|ucrt|pywin32|pywinpty"
    r"|win_inet_pton|appnope|pyobjc-.*"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIANT = re.compile(r"\+((?:cu|rocm)[\d.]+|cpu|xpu)$")
_NO_MAC = re.compile(r"cuda(?:toolkit)?(?:-.*)?|cudnn|nccl|pytorch-cuda")


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """An environment as others can have it.

    ``channels`` are names or public addresses, in order; ``homes`` is the one of each package where that is known.
    ``addresses`` are those of the channels, of this machine too; ``local`` the packages from such ones; ``private`` the
    channels that ask who one is.
    ``pypi`` is name -> requirement line. ``platform`` is the one that the builds are for, None where none has its own.
    ``requested`` is false where nobody knows what was asked for. The problems say what is left out.
    """

    environment: Environment
    packages: Packages
    channels: list[str]
    pypi: dict[str, str]
    variables: dict[str, str]
    homes: Mapping[str, str]
    addresses: list[str]
    local: list[str]
    private: list[str]
    platform: str | None
    requested: bool
    channel_problems: list[Problem]
    pypi_problems: list[Problem]
    variable_problems: list[Problem]

    @property
    def conda(self) -> list[Package]:
        """The conda packages, by name."""
        return sorted((one for one in self.packages.packages if one.manager == "conda"), key=lambda one: one.name)

    @property
    def pypi_names(self) -> set[str]:
        """The normalised names of the packages from PyPI."""
        return {normal(one.name) for one in self.packages.packages if one.manager == "pypi"}

    @property
    def problems(self) -> list[Problem]:
        """Everything that an ``environment.yml`` leaves out."""
        return [*self.channel_problems, *self.pypi_problems, *self.variable_problems]

    def whole(self, *, builds: bool) -> FileContent:
        """All packages in their versions, and in their builds."""
        specs = [f"{self._pinned(one)}={one.version}{f'={one.build}' if builds else ''}" for one in self.conda]
        return self._content(specs or self._python(), self.pypi.values())

    def asked(self) -> FileContent:
        """What was asked for, as it was."""
        specs = [self._wished(one) for one in asked(self.conda)]
        pypi = {one.name for one in asked([one for one in self.packages.packages if one.manager == "pypi"])}
        return self._content(specs or self._python(), [line for name, line in self.pypi.items() if name in pypi])

    def portable(self) -> tuple[FileContent, list[Problem]]:
        """What was asked for, in words that any platform understands; and what has none."""
        python = self.environment.python
        told = describe(self.packages, [], self.environment.name, python)
        series = f"python={'.'.join(python.split('.')[:2])}" if python else ""
        names = {spec: re.split(r"[=<>!~ \[]", spec, maxsplit=1)[0] for spec in told.specs}
        specs = [
            series if name == "python" and series else spec
            for spec, name in names.items()
            if not _ONE_PLATFORM.fullmatch(name)
        ]
        pypi = [line for line in self.pypi.values() if line in told.pypi]
        one = [name for name in names.values() if _ONE_PLATFORM.fullmatch(name)]
        no_mac = [name for name in names.values() if _NO_MAC.fullmatch(name)]
        return self._content(specs, pypi), list(platform_problems(one, no_mac))

    def _content(self, specs: Sequence[str], pypi: Iterable[str]) -> FileContent:
        return FileContent(
            format="environment.yml",
            name=self.environment.name,
            channels=self.channels or None,
            specs=list(specs),
            pypi=list(pypi),
            variables=self.variables,
        )

    def _python(self) -> list[str]:
        return [f"python={self.environment.python}"] if self.environment.python else []

    def _pinned(self, package: Package) -> str:
        """The name, with its channel where that was asked for: the order of the channels would find another one."""
        home = self.homes.get(package.name) if "::" in (package.spec or "") else None
        return f"{home}::{package.name}" if home else package.name

    def _wished(self, package: Package) -> str:
        spec = package.spec or package.name
        _, separator, rest = spec.rpartition("::")
        if _HIDDEN in spec or "/" in rest:
            return portable(spec, package.name)
        home = self.homes.get(package.name) if separator else None
        return f"{home}::{rest}" if home else rest


def portrait(environment: Environment, packages: Packages, settings: Settings, server_prefix: Path) -> Portrait:
    """Look at an environment; blocks.

    Parameters
    ----------
    settings:
        conda's configuration: its channels count where the environment has none of its own, and it names them.
    server_prefix:
        The environment that runs this server, which is nobody else's business.
    """
    prefix = Path(environment.prefix)
    found = origins(prefix)
    conda = (one.name for one in packages.packages if one.manager == "conda")
    channels = _channels(prefix, conda, found, settings)
    pypi, about_pypi = _pypi(one for one in packages.packages if one.manager == "pypi")
    variables, about_variables = _variables(prefix, server_prefix)
    return Portrait(
        environment=environment,
        packages=packages,
        channels=channels.names,
        homes=channels.homes,
        addresses=channels.addresses,
        local=channels.local,
        private=channels.private,
        platform=next((one.subdir for one in found.values() if one.subdir not in (None, "", "noarch")), None),
        pypi=pypi,
        variables=variables,
        requested=any(one.requested for one in packages.packages),
        channel_problems=channels.problems,
        pypi_problems=about_pypi,
        variable_problems=about_variables,
    )


@dataclass(frozen=True, kw_only=True)
class _Channels:
    names: list[str]
    addresses: list[str]
    homes: dict[str, str]
    local: list[str]
    private: list[str]
    problems: list[Problem]


def _channels(prefix: Path, conda: Iterable[str], found: Mapping[str, Origin], settings: Settings) -> _Channels:
    """The channels in order, those of packages that come from elsewhere first, as conda has it."""
    written = environment_channels(prefix) or settings.channels
    # An environment is on record with the addresses alone: what opens them is in the settings.
    guarded = {url.address for one in settings.channels for url in _meant(one, settings) if url.auth or url.token}
    urls: list[Channel] = []
    private: list[str] = []
    for one in written:
        meant = _meant(one, settings)
        urls += meant
        if any(url.auth or url.token or url.address in guarded for url in meant):
            private += public_channels([settings.name_of(one)])
    names = public_channels(settings.name_of(one) for one in written)
    homes: dict[str, str] = {}
    local, unknown = [], []
    for package in sorted(conda):
        base = found[package].base if package in found else ""
        public = public_channels([settings.name_of(base)])
        url = split_url(base)
        new = url is None or url.address not in [known.address for known in urls]
        if url is not None and new:
            urls.append(url)
        if not base:
            unknown.append(package)
        elif not public:
            local.append(package)
        else:
            homes[package] = public[0]
            if new and public[0] not in names:
                names.insert(0, public[0])
    return _Channels(
        names=names,
        addresses=[f"{url.scheme}://{url.place}" for url in urls],
        homes=homes,
        local=local,
        private=private,
        problems=list(channel_problems(local, unknown, private)),
    )


def _meant(channel: str, settings: Settings) -> list[Channel]:
    """The addresses that a channel stands for; none for one that is written wrongly."""
    with suppress(Invalid):
        return [url for text in settings.channel_urls(channel) if (url := split_url(text))]
    return []


def _pypi(packages: Iterable[Package]) -> tuple[dict[str, str], list[Problem]]:
    """The requirement lines of Python packages, by name, and what is wrong with some."""
    lines: dict[str, str] = {}
    local, hidden, variants = [], [], []
    for package in sorted(packages, key=lambda one: one.name.lower()):
        line = requirement(package)
        if not _is_requirement(line):
            local.append(package.name)
            continue
        lines[package.name] = line
        if _HIDDEN in (package.spec or ""):
            hidden.append(package.name)
        if " @ " not in line and (variant := _VARIANT.search(package.version)):
            variants.append(variant[1])
    return lines, list(pypi_problems(local, hidden, variants))


def _is_requirement(line: str) -> bool:
    try:
        Requirement(line)
    except InvalidRequirement:
        return False
    return line.isprintable()


def _variables(prefix: Path, server_prefix: Path) -> tuple[dict[str, str], list[Problem]]:
    found = read_variables(prefix)
    secret = [name for name, value in found.items() if redact_value(name, value) != value]
    places = (str(prefix), str(server_prefix))
    here = [name for name, value in found.items() if name not in secret and not _means_something(name, value, places)]
    kept = {name: value for name, value in found.items() if name not in {*secret, *here}}
    return kept, list(variable_problems(secret, here))


def _means_something(name: str, value: str, places: Iterable[str]) -> bool:
    """Whether a variable can be set elsewhere; PATH never is, since the environment makes it."""
    named = _VARIABLE.fullmatch(name) is not None and name.upper() != "PATH"
    return named and not any(place in value for place in places)
