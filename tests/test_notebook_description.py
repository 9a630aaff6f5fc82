"""An environment in words that make sense elsewhere."""

from __future__ import annotations

import pytest

from jupyter_envmanager.models import Package, Packages
from jupyter_envmanager.notebooks import describe
from jupyter_envmanager.notebooks.description import portable, public_channels


def conda(name: str, spec: str | None = None, **more: object) -> Package:
    return Package(name=name, version="1.0", build="h0", requested=spec is not None, spec=spec, **more)  # type: ignore[arg-type]


def pypi(name: str, spec: str | None = None, requested: bool = True) -> Package:
    return Package(name=name, version="2.0", manager="pypi", spec=spec, requested=requested)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy=1.26"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy>=1.20,<2", "numpy>=1.20,<2"),
        ("numpy >=1.20,<2", "numpy>=1.20,<2"),
        ("numpy >=1.20, <2", "numpy>=1.20,<2"),
        ("numpy 1!2.0_1|>3 h0", "numpy=1!2.0_1|>3"),
        ("numpy 1.26.* py312_0", "numpy=1.26.*"),
        ("numpy=1.26.4=py312h_0", "numpy=1.26.4"),
        ("numpy==1.26.4=py312h_0", "numpy==1.26.4"),
        ("conda-forge::numpy>=1.20", "numpy>=1.20"),
        ("file:///home/me/channel::numpy=1", "numpy=1"),
        ("numpy[version='>=1.20',build=x]", "numpy>=1.20"),
        ("numpy[version='>=1.20,<2']", "numpy>=1.20,<2"),
        ("numpy[version=1.20,build=x]", "numpy=1.20"),
        ("*[build=x]", "numpy"),
        ("", "numpy"),
    ],
)
def test_specs_lose_their_builds_and_channels(spec: str, said: str) -> None:
    assert portable(spec, "numpy") == said


def test_only_what_was_asked_for_is_described() -> None:
    packages = Packages(
        packages=[
            conda("python", "python=3.12"),
            conda("openssl"),
            pypi("plain"),
            pypi("needed", requested=False),
            pypi("vcs", "vcs @ git+https://***@github.com/a/vcs@0123"),
            pypi("ssh", "ssh @ git+ssh://***@github.com/a/ssh@0123"),
            pypi("mine", "mine @ file:///home/me/mine"),
            pypi("edited", "-e /home/me/edited"),
            pypi("token", "token @ https://host/token.whl?token=***"),
        ]
    )
    told = describe(packages, ["conda-forge"], "stats", "3.12.4")
    assert told.specs == ["python=3.12"]
    assert told.pypi == [
        "plain==2.0",
        "vcs @ git+https://github.com/a/vcs@0123",
        "ssh @ git+ssh://git@github.com/a/ssh@0123",
        "token==2.0",
    ]
    assert (told.name, told.channels, told.python) == ("stats", ["conda-forge"], "3.12.4")
    assert "/home/me" not in str(told)


def test_an_environment_that_only_pip_knows_becomes_one_with_python() -> None:
    inner = Package(name="inner", version="1", manager="pypi", needed_by=["outer"])
    outer = Package(name="outer", version="1", manager="pypi")
    told = describe(Packages(packages=[inner, outer]), None, "venv", "3.11.7")
    assert (told.specs, told.pypi, told.channels) == (["python=3.11"], ["outer==1"], [])


def test_python_is_the_one_that_the_code_ran_with() -> None:
    assert describe(Packages(packages=[conda("python", "python")]), [], "n", "3.12.4").specs == ["python=3.12"]
    assert describe(Packages(packages=[conda("python", "python>=3.10")]), [], "n", "3.12.4").specs == ["python>=3.10"]
    assert describe(Packages(packages=[conda("python", "python"), conda("r-base", "r-base")]), [], "n").specs == [
        "python",
        "r-base",
    ]


def test_the_lock_depends_on_what_is_installed_and_on_nothing_else() -> None:
    one, two = conda("a", "a"), conda("b")
    lock = describe(Packages(packages=[one, two]), ["x"], "n").lock
    assert lock == describe(Packages(packages=[conda("b", "b=1", channel="y"), conda("a")]), None, "m").lock
    other = Package(name="b", version="1.0", build="h1")
    assert lock != describe(Packages(packages=[one, other]), ["x"], "n").lock
    assert len(lock) == 64


def test_channels_are_told_by_the_names_that_others_know() -> None:
    channels = [
        "conda-forge",
        "https://conda.anaconda.org/bioconda/",
        "https://conda.anaconda.org/t/tk-secret/private",
        "https://me:secret@channels.example.org/lab",
        "file:///home/me/channel",
        "/home/me/channel",
        "./channel",
        "~/channel",
        "http://127.0.0.1:8000/tiny",
        "http://me:secret@localhost/tiny",
        "https://repo.anaconda.com/pkgs/main",
        "conda-forge",
    ]
    assert public_channels(channels) == [
        "conda-forge",
        "bioconda",
        "private",
        "https://channels.example.org/lab",
        "pkgs/main",
    ]


@pytest.mark.parametrize(
    "spec",
    [
        "numpy=https://me:secret@host",
        "numpy>=1|/home/secret",
        "numpy=1.0@secret",
        "numpy[version='>=1,/home/secret']",
        "numpy[version=https://secret]",
        "numpy=$secret",
        "numpy=secret\u202e",
        "numpy>=",
    ],
)
def test_what_is_no_version_is_left_out(spec: str) -> None:
    assert portable(spec, "numpy") == "numpy"


@pytest.mark.timeout(60)
def test_no_spec_takes_ages() -> None:
    assert portable("a" + "1" * 200_000 + "]", "a") == "a"


@pytest.mark.parametrize("channel", ["me:secret@host/lab", "secret@host/lab", "host/t/secret/lab", "lab?token=secret"])
def test_no_password_is_told_of_a_channel_without_a_scheme(channel: str) -> None:
    assert public_channels([channel, "lab"]) == ["lab"]
