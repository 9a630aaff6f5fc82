"""Python requirements in conda's words."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from channel_builder.pypi import rounds
from channel_builder.requirements import match_specs, version_spec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

LINUX = {"python_version": "3.12", "sys_platform": "linux"}


@dataclass(frozen=True)
class Distribution:
    texts: tuple[str, ...]

    @property
    def requires(self) -> tuple[Requirement, ...]:
        return tuple(Requirement(text) for text in self.texts)


@pytest.mark.parametrize(
    ("python", "conda"),
    [
        ("", ""),
        (">=1.2,<2", "<2,>=1.2"),
        ("==3.0.*", "3.0.*"),
        ("!=6.0.*,>=5", "!=6.0.*,>=5"),
        ("~=1.4.2", ">=1.4.2,1.4.*"),
        ("~=2.2", ">=2.2,2.*"),
        ("===1.0", "==1.0"),
    ],
)
def test_versions_become_version_specs(python: str, conda: str) -> None:
    assert version_spec(SpecifierSet(python)) == conda


def test_markers_decide_and_extras_are_left_out() -> None:
    texts = ("a>=1", 'b; sys_platform == "win32"', 'c; python_version >= "3.12"', 'd; extra == "more"')
    distribution = Distribution(texts)
    assert match_specs(distribution, LINUX, known={}) == ("a >=1", "c")
    assert match_specs(distribution, LINUX, known={}, extras=frozenset({"more"})) == ("a >=1", "c", "d")


def test_a_requirement_with_an_extra_needs_what_the_extra_needs() -> None:
    schema = Distribution(("attrs", 'webcolors>=24; extra == "format"', 'idna; extra == "other"'))
    events = Distribution(("jsonschema[format]>=4",))
    assert match_specs(events, LINUX, known={"jsonschema": schema}) == ("jsonschema >=4", "webcolors >=24")


def test_an_extra_may_ask_for_another_extra_of_its_own_project() -> None:
    project = Distribution(('project[a,b]; extra == "all"', 'x; extra == "a"', 'y; extra == "b"'))
    specs = match_specs(project, LINUX, known={"project": project}, extras=frozenset({"all"}))
    assert specs == ("x", "y")


def test_versions_of_one_project_are_resolved_apart() -> None:
    assert rounds(["flask==3.0.*", "numpy", "Flask==3.1.*"]) == [("flask==3.0.*", "numpy"), ("Flask==3.1.*",)]
