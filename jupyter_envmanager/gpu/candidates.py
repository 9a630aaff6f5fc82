"""Which packages are worth a look at all their variants on the channels?"""

from __future__ import annotations

from collections.abc import Iterable

from .builds import Build, sign_of
from .names import KNOWN, SELECTORS, base_of, is_part, is_plumbing, parts_of
from .specs import read

_DECIDING = frozenset({*SELECTORS, "cuda-arch"})


def candidates(plan: Iterable[Build], asked: Iterable[str]) -> frozenset[str]:
    """Names of a plan whose variants on the channels are worth a look: they may come with and without GPU.

    Parameters
    ----------
    plan:
        Empty where the solver had no answer: then, what was asked for and its parts.
    asked:
        Names, or specs.
    """
    records = {record.name: record for record in plan}
    names = {spec.name for text in asked if (spec := read(text)) is not None}
    if not records:
        return _candidates_unsolved(names)
    found = set()
    for name, record in records.items():
        if is_plumbing(name):
            continue
        sign = sign_of(record)
        if sign is not None or name in KNOWN:
            found |= {name, base_of(name)}
            if sign is None or sign.kind == "cpu":
                found.add(f"{base_of(name)}-gpu")
        elif name in names and record.subdir != "noarch":
            found.add(name)
    # What the builds found need of driver and device is said by these.
    return frozenset(found | (_DECIDING & records.keys() if found else _DECIDING & names))


def _candidates_unsolved(names: set[str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [name for name in names if not name.startswith(("python", "__"))]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [base_of(name), *parts_of(name)]
    gpu = {f"{name}-gpu" for name in found if name in KNOWN and not is_part(name)}
    return frozenset({*found, *gpu, *(_DECIDING if found else ())})
