"""Which packages are kernels of which language, and what does an environment with only the language lack?"""

from __future__ import annotations

from collections.abc import Iterable

from ..models import KernelProposal

_LANGUAGE_OF = {
    "ansible-kernel": "ansible",
    "bash_kernel": "bash",
    "calysto_scheme": "scheme",
    "gnuplot_kernel": "gnuplot",
    "ihaskell": "haskell",
    "ipykernel": "python",
    "octave_kernel": "octave",
    "r-irkernel": "r",
    "sas_kernel": "sas",
    "sos-notebook": "sos",
    "stata_kernel": "stata",
    "xeus-cling": "c++",
    "xeus-cpp": "c++",
    "xeus-lua": "lua",
    "xeus-octave": "octave",
    "xeus-python": "python",
    "xeus-r": "r",
    "xeus-sql": "sql",
    "xeus-sqlite": "sql",
}
KERNEL_PACKAGES = frozenset(_LANGUAGE_OF)

# What a language is installed as, its name, and the kernel that most people use for it. Julia's kernel is no conda
# package: it is added by Julia itself, so there is nothing to propose.
_PROPOSED = {
    "python": ("Python", "ipykernel"),
    "r-base": ("R", "r-irkernel"),
    "octave": ("Octave", "octave_kernel"),
    "lua": ("Lua", "xeus-lua"),
    "gnuplot": ("Gnuplot", "gnuplot_kernel"),
    "clangdev": ("C++", "xeus-cpp"),
}


def has_kernel_package(package_names: Iterable[str], languages: Iterable[str] = ()) -> bool:
    """Whether one of these packages is a Jupyter kernel; with ``languages``, a kernel for one of them."""
    wanted = {language.lower() for language in languages}
    found = kernel_languages(package_names)
    return bool(found & wanted) if wanted else bool(found)


def kernel_languages(package_names: Iterable[str]) -> set[str]:
    """The languages, in lower case, that these packages bring kernels for."""
    return {_LANGUAGE_OF[name.lower()] for name in package_names if name.lower() in _LANGUAGE_OF}


def proposals(package_names: Iterable[str], offered: Iterable[str] = ()) -> list[KernelProposal]:
    """The kernel packages for the languages that are installed without one; ``offered`` languages have a kernel."""
    names = {name.lower() for name in package_names}
    have = {language.lower() for language in offered} | kernel_languages(names)
    return [
        KernelProposal(language=language, package=package)
        for name, (language, package) in _PROPOSED.items()
        if name in names and language.lower() not in have
    ]
