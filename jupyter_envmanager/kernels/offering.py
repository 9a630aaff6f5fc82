"""What can be a kernel in an environment? What its packages ship, or the plain one of its Python."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import Invalid
from ..models import KernelOffer, KernelOffers
from . import kernelspec, languages
from .kernelspec import Spec

PLAIN = "python"
_LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
_PYTHON = re.compile(r"python[0-9.]*(\.exe)?")


def offers(prefix: Path, package_names: Iterable[str] = ()) -> KernelOffers:
    """The kernels that can be registered for an environment, and the packages that would bring more.

    Parameters
    ----------
    prefix:
        The environment.
    package_names:
        What is installed in it, where that is known.
    """
    names = {name.lower() for name in package_names}
    found = [spec for spec in specs(prefix) if spec.name != PLAIN or _has_ipykernel(prefix, names)]
    return KernelOffers(
        offers=[
            KernelOffer(source=spec.name, display_name=spec.display_name or spec.name, language=spec.language)
            for spec in found
        ],
        proposals=languages.proposals(names, [spec.language for spec in found]),
    )


def specs(prefix: Path) -> list[Spec]:
    """The kernelspecs an environment offers, their programs absolute; ``python3`` first, the plain one last."""
    folder = prefix / "share" / "jupyter" / "kernels"
    files = sorted(folder.glob("*/kernel.json"), key=lambda file: (file.parent.name != "python3", file.parent.name))
    found = []
    for file in files:
        spec = kernelspec.read(file.parent, file.parent.name)
        # What we registered in that folder, or somebody for another environment, is not what it ships.
        if not spec.fault and not spec.stamp and not _is_anothers(spec.argv[0], prefix):
            found.append(_absolute(spec, prefix))
    has_python = any(spec.language.lower() == "python" for spec in found)
    if not has_python and os.path.lexists(kernelspec.interpreter(prefix)):
        found.append(plain(prefix))
    return found


def plain(prefix: Path) -> Spec:
    """ipykernel in the environment's Python, as ipykernel itself would register it."""
    argv = [str(kernelspec.interpreter(prefix)), *_LAUNCH]
    return Spec(name=PLAIN, folder=prefix, argv=argv, display_name="Python 3", language="python")


def chosen(prefix: Path, source: str | None) -> Spec:
    """The offer of a name, or the best one.

    Raises
    ------
    Invalid
        There is none, or none of that name.
    """
    found = specs(prefix)
    if not found:
        raise Invalid(
            f"{prefix.name} has no kernel: neither Python nor another language's kernel package is installed in it.",
            hint="Install ipykernel, or the kernel of your language such as r-irkernel.",
            field="environment",
        )
    if source is None:
        return found[0]
    for spec in found:
        if spec.name == source:
            return spec
    raise Invalid(
        f"{prefix.name} has no kernel “{source}”.",
        hint=f"It has: {', '.join(spec.name for spec in found)}.",
        field="source",
    )


def like(prefix: Path, spec: Spec) -> Spec | None:
    """The offer that a registered kernel was made from, as far as that can be seen."""
    same = [offer for offer in specs(prefix) if offer.language.lower() == spec.language.lower()]
    return next((offer for offer in same if offer.argv[1:] == spec.argv[1:]), same[0] if same else None)


def _absolute(spec: Spec, prefix: Path) -> Spec:
    # Where the spec is registered, "{resource_dir}" is another folder, with a launch script of ours.
    folder = str(spec.folder)
    argv = [word.replace("{resource_dir}", folder) for word in spec.argv]
    return replace(spec, argv=[kernelspec.absolute(argv[0], prefix), *argv[1:]])


def _is_anothers(program: str, prefix: Path) -> bool:
    """Whether this is the Python of another environment."""
    path = Path(program)
    if not path.is_absolute() or not _PYTHON.fullmatch(path.name) or not path.exists():
        return False
    return not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(prefix))


def _has_ipykernel(prefix: Path, names: set[str]) -> bool:
    # A venv may see the packages of the Python that it was made from, and nothing is known without names.
    if not names or "ipykernel" in names or not (prefix / "conda-meta").is_dir():
        return True
    return next(prefix.glob("lib/python*/site-packages/ipykernel_launcher.py"), None) is not None
