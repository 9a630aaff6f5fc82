"""What the code of a notebook imports and installs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envmanager.notebooks import Needs, modules


def names(needs: Needs) -> list[str]:
    return [one.module for one in needs.imports]


def specs(needs: Needs) -> list[tuple[str, str | None]]:
    return [(one.manager, one.spec) for one in needs.requirements]


def test_imports_of_every_kind_are_found_and_the_library_is_left_out() -> None:
    needs = modules(
        [
            "import os, numpy as np\nfrom google.cloud import storage, bigquery",
            "def f():\n    import pandas.io.json\n    return __import__('lxml.etree')",
            "import importlib\nimportlib.import_module('yaml')\nimportlib.import_module(name)",
            "async def g():\n    pass\nawait g()\nimport aiohttp",
        ]
    )
    assert names(needs) == ["numpy", "google.cloud", "pandas.io.json", "lxml.etree", "yaml", "aiohttp"]
    assert needs.imports[1].paths == ("google.cloud.storage", "google.cloud.bigquery")
    assert needs.imports[0].origin == "cell 1"


def test_what_is_tried_only_is_optional_unless_it_is_needed_elsewhere() -> None:
    needs = modules(
        [
            "try:\n    import ujson\nexcept ImportError:\n    import simplejson\nelse:\n    import tables",
            "try:\n    import cupy\nexcept (ValueError, ModuleNotFoundError):\n    pass",
            "try:\n    import numba\nexcept ValueError:\n    pass",
            "import ujson",
        ]
    )
    assert {one.module: one.optional for one in needs.imports} == {
        "ujson": False,
        "simplejson": True,
        "tables": False,
        "cupy": True,
        "numba": False,
    }


def test_the_syntax_of_ipython_is_no_obstacle() -> None:
    needs = modules(
        [
            "%matplotlib inline\n!ls -l\nfiles = !ls *.py\ny = %time f()\nimport a1\nnp.array?\n?a1\n%timeit import_()",
            "if True:\n    %load_ext cython_ext.magic\n    import a2\ntext = '''\n%s\n!no\n'''",
            "%%time\nimport a3",
            "%%bash\nimport me",
            "%%writefile x.py\nimport not_this",
            "%load_ext autoreload\n%autoreload 2\nls -l /tmp\nimport a4",
            "x = 5 \\\n  % 2\nimport a5",
            "print 'python 2'\nimport lost",
            "",
        ]
    )
    assert names(needs) == ["matplotlib", "a1", "cython_ext.magic", "a2", "a3", "a4", "a5"]
    assert [problem.message for problem in needs.problems] == [
        "Cell 8 is no Python that can be read: what it imports is not known."
    ]


def test_install_lines_become_requirements() -> None:
    needs = modules(
        [
            "%pip install -q -U pandas>=2 'scikit-learn[alldeps]==1.5' --index-url https://x.y/simple -c limits.txt",
            "!pip3 install --user git+https://github.com/a/b.git@v1 && pip install tqdm; echo pip install nothing",
            "!{sys.executable} -m pip install $NAME https://me:secret@host/x.whl ./local -e .",
            "!conda install -y -c conda-forge 'numpy=1.26' scipy nvidia::cuda-toolkit -p /tmp/x",
            "%conda install --yes 'python>=3.11' \\\n    flask",
            "!mamba install -n other -qy requests\n!uv pip install --system polars\nmamba install xarray",
            "%%bash\nset -e\nsudo pip install \\\n   black\npip freeze\npip uninstall isort",
            "pip install bare",
        ]
    )
    assert specs(needs) == [
        ("pypi", "pandas>=2"),
        ("pypi", "scikit-learn[alldeps]==1.5"),
        ("pypi", "git+https://github.com/a/b.git@v1"),
        ("pypi", "tqdm"),
        ("pypi", None),
        ("pypi", None),
        ("pypi", None),
        ("pypi", None),
        ("conda", "numpy=1.26"),
        ("conda", "scipy"),
        ("conda", "nvidia::cuda-toolkit"),
        ("conda", "python>=3.11"),
        ("conda", "flask"),
        ("conda", "requests"),
        ("pypi", "polars"),
        ("conda", "xarray"),
        ("pypi", "black"),
        ("pypi", "bare"),
    ]
    lost = [one for one in needs.requirements if one.spec is None]
    assert all(one.reason for one in lost)
    assert not any("secret" in one.text for one in lost)


def test_requirements_files_are_read_beside_the_notebook_only(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "requirements.txt").write_text("# what we need\npandas>=2  # tables\n-r more.txt\nattrs\n")
    (tmp_path / "outside.txt").write_text("stolen\n")
    needs = modules(["!pip install -r requirements.txt -r ../outside.txt -r missing.txt"], here)
    assert [one.spec for one in needs.requirements] == [None, None, "pandas>=2", "attrs"]
    assert "stolen" not in str(needs)


def test_local_modules_are_read_and_not_proposed(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("import polars\nimport lab.plots\n")
    package = tmp_path / "lab"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text("from . import stats\n")
    (package / "stats.py").write_text("import scipy\nfrom .deep.more import x\nimport helpers\n")
    (package / "plots.py").write_text("import seaborn\n")
    (package / "unused.py").write_text("import not_imported\n")
    (package / "deep" / "more.py").write_text("from ..plots import p\nimport deepest\n")
    needs = modules(["import helpers\nimport requests"], tmp_path)
    assert set(names(needs)) == {"polars", "scipy", "seaborn", "deepest", "requests"}
    assert {one.module: one.origin for one in needs.imports}["scipy"] == "lab/stats.py"


def test_nothing_outside_the_notebooks_folder_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("import stolen\n")
    here = tmp_path / "here"
    here.mkdir()
    (here / "linked.py").symlink_to(outside / "secret.py")
    (here / "folder").symlink_to(outside)
    os.mkfifo(here / "pipe.py")
    (here / "huge.py").write_bytes(b"#" * 600_000)
    (here / "data").mkdir()
    needs = modules(["import linked, folder.secret, pipe, huge, data"], here)
    assert "stolen" not in names(needs)
    assert set(names(needs)) == {"linked", "folder.secret", "data"}
    assert {problem.message.split()[0] for problem in needs.problems} == {"pipe.py", "huge.py"}


def test_so_many_local_modules_are_read_and_no_more(tmp_path: Path) -> None:
    for number in range(400):
        (tmp_path / f"m{number}.py").write_text(f"import m{number + 1}\n")
    needs = modules(["import m0"], tmp_path)
    assert [problem.code for problem in needs.problems] == ["too_many_modules"]


@pytest.mark.parametrize(
    "cell",
    [
        "(" * 5000,
        "x = " + "-" * 100_000 + "1",
        "\0",
        "\ud800",
        "!" * 9000,
        "!pip install '",
        "import " + "a." * 9000 + "b",
    ],
)
def test_hostile_cells_cost_only_themselves(cell: str) -> None:
    assert "numpy" in names(modules([cell, "import numpy"]))


@given(st.text(alphabet="!%? \n\\'\"=;&|-{}()pipconda installx.:/@#", max_size=80))
def test_no_text_makes_it_fail(text: str) -> None:
    modules([text, f"!pip install {text}", f"%conda install {text}"])


def codes(needs: Needs) -> list[str]:
    return [problem.code for problem in needs.problems]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline\nx = [\n" + ",".join("1" * 50_000) + "\n]",
        "a," * 50_000 + "a b(",
        "!ls\nx = (" + " , " * 50_000,
        "%load_ext" + " " * 150_000 + "-",
        "(\n!x" + "\\\n\\\n" * 40_000,
        "!pip install " + "a::" * 6000 + "[",
    ],
)
def test_no_cell_takes_ages(cell: str) -> None:
    # With an expression that tries all ways to read such a line, this would not end.
    assert "numpy" in names(modules([cell, "import numpy"]))


def test_several_names_may_be_assigned_from_the_shell() -> None:
    needs = modules(["a , b.c,d = !pip install tqdm\nx[1] = %pip install rich"])
    assert [one.spec for one in needs.requirements] == ["tqdm", "rich"]


@pytest.mark.timeout(60)
def test_no_requirements_file_takes_ages(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("attrs\n" + " " * 190_000 + "x\n")
    needs = modules(["!pip install -r r.txt"], tmp_path)
    assert needs.requirements[0].spec == "attrs"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["#" * 200_001, "import numpy"], "unreadable_cell"),
        (["import numpy", *(["#" * 190_000] * 11)], "too_much_code"),
        (["import numpy", *([""] * 2000)], "too_much_code"),
        (["import numpy, " + ", ".join(f"m{i}" for i in range(501))], "too_many_names"),
        (["from numpy import " + ", ".join(f"m{i}" for i in range(501))], "too_many_names"),
        (
            ["import numpy", *("import " + ", ".join(f"m{i}_{k}" for k in range(400)) for i in range(13))],
            "too_many_imports",
        ),
        (["import numpy, a" + ".a" * 30], "long_name"),
        (["import numpy, " + "a" * 5000], "long_name"),
        (["import numpy\n!pip install " + "x" * 20_000], "long_line"),
        (["import numpy\n" + "\n".join(f"!pip install x{i}" for i in range(1100))], "too_many_requirements"),
    ],
)
def test_what_is_left_out_is_told(cells: list[str], code: str) -> None:
    needs = modules(cells)
    assert "numpy" in names(needs)
    assert codes(needs) == [code]
    assert len(needs.imports) <= 5000
    assert len(needs.requirements) <= 1000


def test_what_is_just_small_enough_is_read() -> None:
    cells = ["#" * 199_986 + "\nimport numpy", "import " + ", ".join(f"m{i}" for i in range(500)), *([""] * 1998)]
    needs = modules(cells)
    assert len(needs.imports) == 501
    assert needs.problems == ()


def test_the_text_of_local_modules_is_bounded_and_told(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"m{number}.py").write_text("#" * 190_000)
    (tmp_path / "broken.py").write_text("print 'python 2'\n")
    (tmp_path / "huge.py").write_text("#" * 300_000)
    needs = modules(["import broken, huge", "import " + ", ".join(f"m{i}" for i in range(20))], tmp_path)
    assert sorted(codes(needs)) == ["too_many_modules", "unreadable_module", "unreadable_module"]


def test_the_disk_is_asked_so_often_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "a"
    package.mkdir()
    (package / "__init__.py").write_text("".join(f"from . import n{i}\n" for i in range(9000)))
    (package / "a.py").write_text("")
    asked: list[object] = []
    really = os.path.realpath

    def counted(path: str) -> str:
        asked.append(path)
        return really(path)

    monkeypatch.setattr(os.path, "realpath", counted)
    for cell in ("import a" + ".a" * 20, "import a.a" + ".a" * 20_000, "import a\n" * 1000):
        asked.clear()
        modules([cell], tmp_path)
        assert len(asked) < 100


def test_deep_chains_of_local_modules_need_no_deep_stack(tmp_path: Path) -> None:
    for number in range(290):
        (tmp_path / f"m{number}.py").write_text(f"if 1:\n    import m{number + 1}\n")
    (tmp_path / "m290.py").write_text("import numpy\n")

    def deep(left: int) -> Needs:
        return deep(left - 1) if left else modules(["import m0"], tmp_path)

    assert names(deep(400)) == ["numpy"]


@pytest.mark.parametrize("inside", [True, False])
def test_names_that_no_file_can_have_are_no_errors(tmp_path: Path, inside: bool) -> None:
    (tmp_path / "pk").mkdir()
    (tmp_path / "pk" / "__init__.py").write_text("from . import " + "b" * 300 + "\n")
    folder = tmp_path if inside else tmp_path / ("x" * 5000)
    cells = [
        "import " + "q" * 300,
        "import pk." + "b" * 300,
        "from pk." + "b" * 300 + " import c",
        "import_module('pk.\\0')",
        "import_module('pk.\\ud800')",
        "!pip install -r " + "r" * 5000 + " -r 'a\0b' -r \ud800 tqdm",
    ]
    needs = modules(cells, folder)
    assert "q" * 300 in names(needs)
    assert [one.spec for one in needs.requirements].count("tqdm") == 1


def test_a_relative_import_beyond_the_top_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "pk" / "deep").mkdir(parents=True)
    (tmp_path / "pk" / "__init__.py").write_text("")
    (tmp_path / "pk" / "deep" / "__init__.py").write_text("from .... import other\n")
    (tmp_path / "pk" / "other.py").write_text("import not_imported\n")
    assert names(modules(["import pk.deep"], tmp_path)) == []
