"""``conda-meta/pinned``, read as conda does and written with care for what others wrote there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from test_installed import packages, record

from jupyter_envmanager.environments.pins import read_pins, write_pins
from jupyter_envmanager.errors import Invalid


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    (tmp_path / "conda-meta").mkdir()
    return tmp_path


def pinned(prefix: Path) -> Path:
    return prefix / "conda-meta" / "pinned"


def test_pins_are_read_as_conda_reads_them(prefix: Path) -> None:
    pinned(prefix).write_text(
        "# held back\nnumpy 1.26.*\n\n  scipy ==1.11.4  # until the fix\nconda-forge::pandas=2\n"
        "jax >=0.4\njax <0.5\nlib[build=a*]\nlib 2\n%%%\n"
    )
    assert read_pins(prefix) == {
        "numpy": "numpy 1.26.*",
        "scipy": "scipy ==1.11.4",
        "pandas": "conda-forge::pandas=2",
        "jax": "jax >=0.4,<0.5",
        "lib": "lib 2",
    }
    record(prefix, "numpy")
    record(prefix, "six")
    assert [package.pinned for package in packages(prefix).values()] == ["numpy 1.26.*", None]


def test_no_file_and_one_that_is_no_file_pin_nothing(prefix: Path) -> None:
    assert read_pins(prefix) == read_pins(prefix / "gone") == {}
    pinned(prefix).mkdir()
    assert read_pins(prefix) == {}


def test_comments_and_order_are_kept(prefix: Path) -> None:
    file = pinned(prefix)
    file.write_bytes(b"# mine \xff\nnumpy 1.*  # because\n\nscipy 1\njax >=0.4\njax <0.5\ntorch 2\n")
    file.chmod(0o640)
    write_pins(prefix, {**read_pins(prefix), "scipy": "scipy 2", "jax": "jax 0.4.1", "new": "new"})
    expected = b"# mine \xff\nnumpy 1.*  # because\n\nscipy 2\njax 0.4.1\ntorch 2\nnew\n"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (expected, 0o640)
    write_pins(prefix, {"numpy": "numpy 1.*"})
    assert file.read_bytes() == b"# mine \xff\nnumpy 1.*  # because\n\n"
    assert [path.name for path in (prefix / "conda-meta").iterdir()] == ["pinned"]


def test_a_copy_that_shares_the_file_keeps_its_own(prefix: Path, tmp_path: Path) -> None:
    write_pins(prefix, {"numpy": "numpy 1.*"})
    copy = tmp_path / "copy"
    os.link(pinned(prefix), copy)
    write_pins(prefix, {"numpy": "numpy 2.*"})
    assert (copy.read_text(), pinned(prefix).read_text()) == ("numpy 1.*\n", "numpy 2.*\n")
    write_pins(prefix, {})
    assert not pinned(prefix).exists()
    write_pins(prefix, {})


@pytest.mark.parametrize(
    ("name", "spec"),
    [("numpy", "scipy 1"), ("numpy", "numpy 1\nscipy 2"), ("numpy", "numpy # 1"), ("numpy", ""), ("", "")],
)
def test_a_spec_that_is_not_one_line_of_that_package_is_refused(prefix: Path, name: str, spec: str) -> None:
    write_pins(prefix, {"kept": "kept 1"})
    with pytest.raises(Invalid) as caught:
        write_pins(prefix, {name: spec})
    assert caught.value.field == "pin"
    assert read_pins(prefix) == {"kept": "kept 1"}
