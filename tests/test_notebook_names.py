"""The package for each module that a notebook imports."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from jupyter_envmanager.environments import EnvironmentReader
from jupyter_envmanager.errors import ChannelUnreachable
from jupyter_envmanager.models import NotebookImport, NotebookImports, Package
from jupyter_envmanager.notebooks import installed_modules, modules, propose
from jupyter_envmanager.notebooks.table import claimants

FORGE = (
    "opencv scikit-learn pillow pyyaml beautifulsoup4 scikit-image pytorch python-dateutil google-cloud-storage "
    "google-cloud-bigquery pycryptodome pytables gitpython ruamel.yaml matplotlib-base pyserial attrs python-dotenv "
    "pymupdf biopython gdal netcdf4 redis redis-py graphviz python-graphviz numpy sklearn bs4 serial ipython protobuf"
)


def offer(
    *cells: str,
    conda: str = FORGE,
    pypi: Collection[str] = (),
    installed: dict[str, Package] | None = None,
) -> NotebookImports:
    """What is proposed for cells, of channels and an index that have exactly these packages."""

    async def having(names: Collection[str]) -> frozenset[str]:
        return frozenset(conda.split()) & frozenset(names)

    async def has(name: str) -> bool:
        return name in pypi

    return asyncio.run(propose(modules(cells), installed=installed or {}, conda=having, pypi=has))


@pytest.mark.parametrize(
    ("code", "module", "spec"),
    [
        ("import cv2", "cv2", "opencv"),
        ("from sklearn.svm import SVC", "sklearn", "scikit-learn"),
        ("import PIL.Image", "PIL", "pillow"),
        ("import yaml", "yaml", "pyyaml"),
        ("from bs4 import BeautifulSoup", "bs4", "beautifulsoup4"),
        ("from skimage import io", "skimage", "scikit-image"),
        ("import torch.nn as nn", "torch", "pytorch"),
        ("import dateutil.parser", "dateutil", "python-dateutil"),
        ("from google.cloud import storage", "google.cloud.storage", "google-cloud-storage"),
        ("from google.cloud.bigquery import Client", "google.cloud.bigquery", "google-cloud-bigquery"),
        ("import google.protobuf.message", "google.protobuf", "protobuf"),
        ("from Crypto.Cipher import AES", "Crypto", "pycryptodome"),
        ("import tables", "tables", "pytables"),
        ("import git", "git", "gitpython"),
        ("from ruamel.yaml import YAML", "ruamel", "ruamel.yaml"),
        ("from mpl_toolkits.mplot3d import Axes3D", "mpl_toolkits", "matplotlib-base"),
        ("import serial", "serial", "pyserial"),
        ("import attr", "attr", "attrs"),
        ("import dotenv", "dotenv", "python-dotenv"),
        ("import fitz", "fitz", "pymupdf"),
        ("from Bio import SeqIO", "Bio", "biopython"),
        ("from osgeo import gdal", "osgeo", "gdal"),
        ("import redis", "redis", "redis-py"),
        ("import graphviz", "graphviz", "python-graphviz"),
        ("import numpy.random", "numpy", "numpy"),
        ("import IPython.display", "IPython", "ipython"),
    ],
)
def test_modules_with_other_names_than_their_packages(code: str, module: str, spec: str) -> None:
    (one,) = offer(code).imports
    assert (one.module, one.spec, one.manager) == (module, spec, "conda")


def test_what_no_channel_has_comes_from_pypi_and_what_nobody_has_is_said() -> None:
    code = "import cv2, obscure_thing, gone\ntry: import maybe\nexcept ImportError: pass"
    found = offer(code, conda="", pypi=("opencv-python", "obscure-thing"))
    by_module = {one.module: one for one in found.imports}
    assert (by_module["cv2"].spec, by_module["cv2"].manager) == ("opencv-python", "pypi")
    assert by_module["obscure_thing"].spec == "obscure-thing"
    assert "see whether it is the one you mean" in by_module["obscure_thing"].reason
    assert by_module["gone"].spec is None
    assert "Neither" in by_module["gone"].reason
    assert "tries without it" in by_module["maybe"].reason


def test_a_package_that_is_known_and_not_to_be_had_is_named() -> None:
    (found,) = offer("import cv2", conda="numpy").imports
    assert found.spec is None
    assert "opencv" in found.reason


def test_an_install_line_says_more_than_a_guess() -> None:
    found = offer("%pip install 'scikit-learn==1.4' extra-tool\nimport sklearn, numpy").imports
    assert [(one.module, one.spec, one.manager) for one in found] == [
        ("numpy", "numpy", "conda"),
        ("sklearn", "scikit-learn==1.4", "pypi"),
        ("", "extra-tool", "pypi"),
    ]
    assert found[1].origin == "cell 1: scikit-learn==1.4"


def test_channels_that_do_not_answer_are_told_once() -> None:
    async def having(names: Collection[str]) -> set[str]:
        raise ChannelUnreachable("No channel answers.", hint="Try again.")

    async def has(name: str) -> bool:
        raise ChannelUnreachable("The index does not answer.")

    found = asyncio.run(propose(modules(["import cv2, yaml"]), installed={}, conda=having, pypi=has))
    assert [(one.module, one.spec) for one in found.imports] == [("cv2", "opencv"), ("yaml", "pyyaml")]
    assert all("not known" in one.reason for one in found.imports)
    assert [problem.message for problem in found.problems] == ["No channel answers.", "The index does not answer."]


def test_what_is_installed_counts_before_the_table() -> None:
    mine = Package(name="my-own-yaml", version="1", manager="pypi")
    (one,) = offer("import yaml", installed={"yaml": mine}).imports
    assert one == NotebookImport(module="yaml", spec="my-own-yaml", manager="pypi", origin="cell 1", installed=True)


def test_the_modules_of_a_real_environment(tmp_path: Path) -> None:
    # A venv with a package whose module has another name.
    prefix = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    site = next(prefix.glob("lib/python3*/site-packages"))
    info = site / "Odd_Name-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Odd.Name\nVersion: 1.0\n")
    (info / "INSTALLER").write_text("pip\n")
    rows = ["odd/__init__.py", "shared/inner/__init__.py", "native.cpython-311-x86_64-linux-gnu.so", "../../../bin/odd"]
    (info / "RECORD").write_text("".join(f"{row},,\n" for row in rows))
    packages = EnvironmentReader(tmp_path / "sizes.json").packages(prefix)
    found = installed_modules(prefix, packages)
    assert {module: package.name for module, package in found.items()} == dict.fromkeys(
        ["odd", "shared.inner", "native"], "Odd.Name"
    )


def test_the_table_answers_for_any_name() -> None:
    assert claimants("dateutil.parser") == ("dateutil", [("python-dateutil", "python-dateutil")])
    assert claimants("No_Such.x") == ("No_Such", [("no-such", "no-such"), ("no_such", "no_such")])


def test_so_many_packages_are_looked_for_and_the_rest_is_told() -> None:
    code = ["import " + ", ".join(f"m{number}" for number in range(first, first + 300)) for first in (0, 300)]
    found = offer(*code)
    assert len(found.imports) == 500
    assert [problem.code for problem in found.problems] == ["too_many_imports"]
    assert offer(code[0]).problems == []
