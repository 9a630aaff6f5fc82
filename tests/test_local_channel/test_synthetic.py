"""Invented packages behave in solver and installer as real ones do."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_channel import PLACEHOLDER, Synthetic, serve, write_channel
from rattler.exceptions import SolverError

from .conftest import MakeEnvironment, Solve


def test_files_links_and_the_prefix_are_installed(tmp_path: Path, make_environment: MakeEnvironment) -> None:
    text = f"#!{PLACEHOLDER}/bin/sh\n".encode()
    tool = Synthetic("tool", files={"bin/tool": text}, links={"bin/alias": "tool"}, file_count=2500)
    with serve(write_channel(tmp_path / "channel", [tool]).directory) as server:
        prefix = make_environment(server.url, "tool")
    assert (prefix / "bin/tool").read_text() == f"#!{prefix}/bin/sh\n"
    assert (prefix / "bin/tool").stat().st_mode & 0o111
    assert (prefix / "bin/alias").readlink() == Path("tool")
    assert len(list((prefix / "share/tool").rglob("*.txt"))) == 2500


def test_conflicts_are_found_by_the_solver(tmp_path: Path, solve_from: Solve) -> None:
    packages = [
        Synthetic("base", "1.0"),
        Synthetic("base", "2.0"),
        Synthetic("old", depends=("base <2",)),
        Synthetic("new", depends=("base >=2",)),
        Synthetic("jealous", constrains=("base <2",)),
    ]
    with serve(write_channel(tmp_path / "channel", packages).directory) as server:
        assert {r.name.normalized for r in solve_from(server.url, ["old"])} == {"old", "base"}
        chosen = solve_from(server.url, ["jealous", "base"])
        assert {r.name.normalized: str(r.version) for r in chosen} == {"jealous": "1.0", "base": "1.0"}
        for specs in (["old", "new"], ["jealous", "new"]):
            with pytest.raises(SolverError):
                solve_from(server.url, specs)


def test_variants_are_chosen_by_features_and_build_numbers(tmp_path: Path, solve_from: Solve) -> None:
    packages = [
        Synthetic("math", build="cuda_0", track_features=("cuda",)),
        Synthetic("math", build="cpu_0"),
        Synthetic("math", build="cpu_1", build_number=1),
    ]
    with serve(write_channel(tmp_path / "channel", packages).directory) as server:
        (record,) = solve_from(server.url, ["math"])
        assert str(record.build) == "cpu_1"
        (record,) = solve_from(server.url, ["math * cuda*"])
        assert str(record.build) == "cuda_0"


def test_a_package_of_another_platform_is_seen_only_there(tmp_path: Path, solve_from: Solve) -> None:
    packages = [Synthetic("tool", "1.0", subdir="osx-arm64"), Synthetic("tool", "2.0", subdir="win-64")]
    with serve(write_channel(tmp_path / "channel", packages).directory) as server:
        (record,) = solve_from(server.url, ["tool"], platforms=["osx-arm64", "noarch"])
        assert record.subdir == "osx-arm64"


def test_a_package_is_not_noarch_and_of_a_platform_at_once() -> None:
    with pytest.raises(ValueError, match="at once"):
        _ = Synthetic("tool", noarch="python", subdir="linux-64").package
