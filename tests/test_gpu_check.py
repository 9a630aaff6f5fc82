"""The frameworks of an environment are asked for the GPU: what they may do, and what is made of their answers."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import until
from gpu_standins import BLIND_TORCH, CPU_JAX, CPU_TORCH, H100, HANGING, NO_GPU, SEGFAULT, TORCH, make_venv, put, runs

from jupyter_envmanager.gpu import asking
from jupyter_envmanager.gpu.archs import covers, needed_cuda
from jupyter_envmanager.gpu.check import FRAMEWORKS, can_be_asked, check_gpu
from jupyter_envmanager.gpu.verdict import Answer, Asked, framework, whole
from jupyter_envmanager.models import FrameworkCheck, GpuCheck, GpuDevice, GpuReport, Problem

#: What a framework may write that is not ours.
ANSWER = "import os, sys; os.write(int(sys.argv[2]), {})\n"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes in /proc")
Start = Callable[..., list[str]]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python without packages."""
    return str(make_venv(tmp_path_factory.mktemp("envs") / "lab") / "bin" / "python")


@pytest.fixture
def start(python: str, tmp_path: Path) -> Start:
    """The words that start that Python with these modules and variables."""

    def words(files: dict[str, str], **variables: str) -> list[str]:
        folder = put(tmp_path / "modules", files)
        return ["env", f"PYTHONPATH={folder}", *(f"{key}={value}" for key, value in variables.items()), python]

    return words


def problem(check: GpuCheck) -> Problem:
    assert check.problem is not None
    assert check.problem.hint
    assert check.problem.message == check.message
    return check.problem


# What a framework may do


async def test_a_framework_that_computes_works(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What lies where the server runs is not the environment's.
    monkeypatch.chdir(put(tmp_path / "here", {"torch.py": SEGFAULT}))
    check = await check_gpu(start({"torch.py": TORCH}), report=H100)
    assert (check.state, check.driver, check.problem) == ("works", "550.54.15", None)
    assert check.message == "torch computes on NVIDIA H100 × 2."
    (torch,) = check.frameworks
    assert (torch.name, torch.version, torch.cuda, torch.cudnn) == ("torch", "2.6.0+cu124", "12.4", "9.1.0")
    assert (torch.devices, torch.archs) == (["NVIDIA H100"] * 2, ["sm_80", "sm_90", "compute_90"])
    assert torch.product_ms is not None
    assert "neither is this" in check.output
    assert check.seconds is not None


@pytest.mark.parametrize("report", [NO_GPU, H100])
async def test_a_cpu_build_is_one_wherever_it_is_checked(start: Start, report: GpuReport) -> None:
    check = await check_gpu(start({"torch.py": CPU_TORCH}), report=report)
    assert (check.state, problem(check).code) == ("cpu_build", "cpu_build")
    assert check.message == "torch is a CPU build: it never uses a GPU."


async def test_a_gpu_build_cannot_be_checked_without_a_gpu(start: Start) -> None:
    check = await check_gpu(start({"torch.py": BLIND_TORCH}), report=NO_GPU)
    assert (check.state, check.problem) == ("not_checkable", None)
    assert check.message == "No NVIDIA driver here: check where the GPU is."
    assert check.frameworks[0].cuda == "12.4"


async def test_a_variable_that_hides_the_gpu_is_named(start: Start) -> None:
    check = await check_gpu(start({"torch.py": BLIND_TORCH}, CUDA_VISIBLE_DEVICES=""), report=H100)
    assert (check.state, problem(check).code) == ("cannot_see", "gpu_not_seen")
    assert "CUDA_VISIBLE_DEVICES is “”" in check.message


async def test_a_crash_does_not_hide_the_answers_of_the_others(start: Start) -> None:
    check = await check_gpu(start({"torch.py": SEGFAULT, **CPU_JAX}), report=NO_GPU)
    assert (check.state, problem(check).code) == ("failed", "gpu_check_failed")
    assert check.message == "torch ended by signal 11 while it was imported."
    assert [(one.name, one.state) for one in check.frameworks] == [("torch", "failed"), ("jax", "cpu_build")]


async def test_one_that_hangs_is_ended_with_what_it_started(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    check = await check_gpu(start({"torch.py": HANGING.format(file=str(file)), **CPU_JAX}), 4.0, report=NO_GPU)
    assert [(one.name, one.state) for one in check.frameworks] == [("torch", "failed"), ("jax", "cpu_build")]
    assert "did not answer within 2 s" in check.message
    assert not file.exists() or not any(runs(int(pid)) for pid in file.read_text().split())


async def test_nothing_is_left_of_a_check_that_was_cancelled(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    folder = tmp_path / "temporary"
    folder.mkdir()
    words = start({"torch.py": HANGING.format(file=str(file))})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(folder))
        task = asyncio.create_task(check_gpu(words, report=NO_GPU))
        await until(file.exists)
        assert list(folder.iterdir())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not any(runs(int(pid)) for pid in file.read_text().split())
    assert not list(folder.iterdir())


async def test_what_a_framework_leaves_running_is_ended(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    leaves = HANGING.format(file=str(file)).replace("time.sleep(600)", "os._exit(3)")
    check = await check_gpu(start({"torch.py": leaves}), report=NO_GPU)
    assert check.message == "torch ended with exit status 3, without an answer."
    assert not any(runs(int(pid)) for pid in file.read_text().split())


async def test_a_daemon_is_ended_as_well(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    leaves = HANGING.format(file=str(file)).replace('"600"]', '"600"], start_new_session=True')
    check = await check_gpu(start({"torch.py": leaves.replace("time.sleep(600)", "") + CPU_TORCH}), report=NO_GPU)
    assert check.state == "cpu_build"
    assert not any(runs(int(pid)) for pid in file.read_text().split())


async def test_no_file_of_an_answer_can_be_planted(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.touch()
    plants = f"import os\nfor name in ('jax', 'jax.answer'): os.symlink({str(file)!r}, name)\n"
    check = await check_gpu(start({"torch.py": plants + CPU_TORCH, **CPU_JAX}), report=NO_GPU)
    assert [one.state for one in check.frameworks] == ["cpu_build", "cpu_build"]
    assert not file.read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import sys; sys.exit('no licence')", "torch cannot be imported: SystemExit: no licence"),
        ("import os; os._exit(0)", "exit status 0, without an answer"),
        ("import nowhere", "torch cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        (ANSWER.format(rb'b"\xff\n[1]\n{\"gpu\": 7"'.decode()) + "os._exit(0)", "without an answer"),
        (ANSWER.format("""b'{"gpu": 7}\\n'""") + "os._exit(0)", "without an answer"),
        (
            ANSWER.format("""b'{"gpu":' + 100_000 * b'[' + 100_000 * b']' + b'}\\n{"x": "\\xff"}\\n'""")
            + "os._exit(3)",
            "status 3",
        ),
        # Nothing waits for what it puts in the place of the answer.
        ("import os, sys; os.dup2(os.pipe()[0], int(sys.argv[2]))", "without an answer"),
    ],
)
async def test_a_framework_without_an_answer_has_failed(start: Start, text: str, words: str) -> None:
    check = await check_gpu(start({"torch.py": text}), report=H100)
    assert (check.state, problem(check).code) == ("failed", "gpu_check_failed")
    assert words in check.message


async def test_only_the_end_of_endless_output_is_kept(start: Start) -> None:
    text = "for line in range(200_000): print('x' * 40)\nprint('\\x1b[31m\\x07the\\x1b[0m end')\n" + CPU_TORCH
    check = await check_gpu(start({"torch.py": text}), report=NO_GPU)
    assert len(check.output) <= 4000
    assert check.output.endswith("\n�the end")
    assert check.state == "cpu_build"


async def test_the_servers_own_variables_stay_with_the_server(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONDA_PREFIX", "JUPYTER_CONFIG_DIR", "PYTHONSTARTUP", "JPY_PARENT_PID"):
        monkeypatch.setenv(name, "/server")
    tells = "import os\nprint([k for k, v in os.environ.items() if v == '/server'], os.environ['PYTHONNOUSERSITE'])\n"
    assert "[] 1" in (await check_gpu(start({"torch.py": tells + CPU_TORCH}), report=NO_GPU)).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/no/such/python"], "No such file or directory"),
        (["/bin/sh", "-c", "echo 'libpython.so: cannot open'; exit 127"], "libpython.so: cannot open"),
        (["/bin/sh", "-c", "kill -ILL $$"], "it ended by signal 4"),
        (["/bin/sh", "-c", "exit 0"], "exit status 0"),
        ([sys.executable, "-c", "import os, sys; os.write(int(sys.argv[3]), b'{\"found\": 5}')"], "exit status 0"),
        (["/bin/sh", "-c", "head -c 3000 /dev/zero | tr '\\0' x; exit 1"], "xxx…."),
    ],
)
async def test_a_python_that_cannot_run_is_said(words: list[str], said: str) -> None:
    check = await check_gpu(words, report=NO_GPU)
    assert check.state == "failed"
    assert said in problem(check).message


async def test_without_a_framework_the_ones_that_could_be_asked_are_named(start: Start) -> None:
    # A folder that a removed package has left is not the package.
    check = await check_gpu(start({"torch/lib/left.so": ""}), report=H100)
    assert (check.state, check.frameworks, check.problem) == ("not_checkable", [], None)
    assert all(name in check.message for name in FRAMEWORKS)


# What is made of the answers

GPU: dict[str, Any] = {"gpu": True, "cuda": "12.4", "step": "look"}
SEEN: dict[str, Any] = {**GPU, "devices": ["NVIDIA H100"], "capabilities": ["9.0"], "step": "compute"}
OLD = GpuReport(available=True, driver="470.256", cuda="11.4", devices=H100.devices)
SPLIT = GpuReport(available=True, driver="550", cuda="12.4", devices=[GpuDevice(index=0, name="A100", mig=True)])
LOCKED = GpuReport(available=False, message="You are not allowed to use this machine's NVIDIA driver.")
NO_IMAGE = "RuntimeError: CUDA error: no kernel image is available for execution on the device"


@pytest.mark.parametrize(
    ("answer", "status", "report", "state", "words"),
    [
        ({**SEEN, "right": True}, 0, H100, "works", "computes on NVIDIA H100."),
        ({**SEEN, "right": True}, -11, H100, "works", "computes on NVIDIA H100."),
        ({**SEEN, "right": True}, None, NO_GPU, "works", "computes on NVIDIA H100."),
        ({"gpu": True, "right": True}, 0, H100, "works", "computes on the GPU."),
        ({**SEEN, "right": True, "archs": ["sm_80"]}, 0, H100, "works", "no code for NVIDIA H100"),
        ({**SEEN, "right": False}, 0, H100, "failed", "wrong numbers"),
        ({"gpu": False}, 0, H100, "cpu_build", "CPU build"),
        ({"gpu": False}, -6, H100, "cpu_build", "CPU build"),
        (GPU, None, NO_GPU, "failed", "within 40 s (while it looked for the GPU)"),
        (None, None, NO_GPU, "failed", "before it was imported"),
        (GPU, -9, H100, "failed", "signal 9 while it looked"),
        ({"step": "import", "error": "OSError: libcudart.so.12: no such file"}, 1, H100, "failed", "libcudart"),
        (
            {"step": "import", "error": "ImportError: libcuda.so.1: cannot open"},
            1,
            NO_GPU,
            "not_checkable",
            "check where",
        ),
        ({"step": "import", "error": "ImportError: libcuda.so.1: cannot open"}, 1, H100, "failed", "libcuda.so.1"),
        ({**GPU, "error": "RuntimeError: no driver"}, 1, NO_GPU, "not_checkable", "No NVIDIA driver here"),
        ({**GPU, "error": "RuntimeError: no driver"}, 1, LOCKED, "not_checkable", "not allowed to use"),
        ({**GPU, "error": "RuntimeError: odd\nmore"}, 1, H100, "cannot_see", "does not see the GPU. It says: odd"),
        ({**GPU, "step": "done"}, 0, H100, "cannot_see", "does not see the GPU."),
        ({**GPU, "step": "done"}, 0, NO_GPU, "not_checkable", "is a GPU build"),
        ({**GPU, "error": "too old"}, 1, OLD, "cannot_see", "driver for CUDA 12.0 or newer; this one (470.256)"),
        ({**GPU, "cuda": "13.0", "error": "x"}, 1, H100, "cannot_see", "CUDA 13.0 or newer"),
        ({**GPU, "error": "none"}, 1, SPLIT, "cannot_see", "split (MIG)"),
        ({**SEEN, "archs": ["sm_50", "sm_70"], "error": NO_IMAGE}, 1, H100, "cannot_see", "sm_50, sm_70, and none for"),
        ({**SEEN, "error": NO_IMAGE}, 1, H100, "cannot_see", "compute capability 9.0"),
        ({**SEEN, "error": "CUDA out of memory"}, 1, H100, "failed", "cannot compute on it: CUDA out of memory"),
    ],
)
def test_an_answer_means(
    answer: dict[str, Any] | None, status: int | None, report: GpuReport, state: str, words: str
) -> None:
    made = Answer(**answer) if answer is not None else None
    check, hint = framework(Asked(name="torch", answer=made, status=status, seconds=40.0), report)
    assert check.state == state
    assert words in check.message
    assert bool(hint) == (state not in ("works", "not_checkable"))


def test_what_the_environments_code_says_is_fit_to_be_shown() -> None:
    odd = "\x1b[2J\ud800" + "x" * 100_000
    facts: dict[str, Any] = {"version": odd, "cuda": odd, "cudnn": odd, "devices": [odd] * 5000, "archs": [odd] * 5000}
    for more in ({"right": True}, {"step": "compute"}, {"step": "import", "error": odd}, {"error": odd}):
        answer = Answer(**{**facts, "gpu": True, **more})
        check, hint = framework(Asked(name="torch", answer=answer, status=0, seconds=1.0, visible=odd), H100)
        text = msgspec.json.encode([check, hint]).decode()
        assert text.isprintable()
        assert "\\u" not in text
        assert len(text) < 20_000
        assert len(check.message) <= 1001
        assert check.devices[0].startswith("�[2J�xxx")


@pytest.mark.parametrize("visible", ["", "-1", "NoDevFiles", " "])
def test_values_that_hide_all_gpus(visible: str) -> None:
    asked = Asked(name="torch", answer=Answer(**GPU, error="none"), status=1, seconds=1.0, visible=visible)
    assert "hides all GPUs" in framework(asked, H100)[0].message


@pytest.mark.parametrize("visible", [None, "0", "1,2", "GPU-8932f937", "MIG-4b1c"])
def test_values_that_hide_none(visible: str | None) -> None:
    asked = Asked(name="torch", answer=Answer(**GPU, error="none"), status=1, seconds=1.0, visible=visible)
    assert "hides" not in framework(asked, H100)[0].message


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        (["works", "works"], "works"),
        (["works", "not_checkable"], "not_checkable"),
        (["works", "cpu_build", "not_checkable"], "cpu_build"),
        (["cpu_build", "cannot_see"], "cannot_see"),
        (["cannot_see", "failed", "works"], "failed"),
    ],
)
def test_the_worst_framework_counts(states: list[Any], worst: str) -> None:
    found = [(FrameworkCheck(name=state, state=state, message=f"{state}."), "") for state in states]
    assert whole(found, H100)[0].state == worst


def test_what_came_along_does_not_decide_beside_a_framework() -> None:
    torch = (FrameworkCheck(name="torch", state="works", message="torch computes."), "")
    runtime = (
        FrameworkCheck(name="onnxruntime", state="cpu_build", message="onnxruntime is a CPU build."),
        "Change it.",
    )
    verdict, problem = whole([torch, runtime], H100)
    assert (verdict.state, verdict.message, problem) == ("works", "torch computes. onnxruntime is a CPU build.", None)
    assert whole([runtime], H100)[0].state == "cpu_build"


@pytest.mark.parametrize(
    ("archs", "capability", "fits"),
    [
        ("sm_80 sm_90", "9.0", True),
        ("sm_80", "8.6", True),
        ("sm_86", "8.0", False),
        ("sm_80", "9.0", False),
        ("sm_70 compute_70", "9.0", True),
        ("compute_90", "8.0", False),
        ("sm_90a", "9.0", True),
        ("sm_100a", "10.3", False),
        ("sm_100f", "10.3", True),
        ("compute_90a", "10.0", False),
        ("sm_100 sm_120", "12.0", True),
        ("sm_50 sm_60 sm_70", "12.0", False),
        ("gfx90a", "9.0", None),
        ("", "9.0", None),
        ("sm_90", "", None),
        ("sm_90", "²", None),
        pytest.param("sm_" + "9" * 5000, "9.0", None, id="long"),
        pytest.param("sm_90", "9" * 5000 + ".0", None, id="long capability"),
    ],
)
def test_code_for_architectures_runs_on(archs: str, capability: str, fits: bool | None) -> None:
    assert covers(archs.split(), capability) is fits


@pytest.mark.parametrize(
    ("built", "needed"),
    [
        ("12.6", "12.0"),
        ("13.0", "13.0"),
        ("11.8", "11.0"),
        ("10.2", "10.2"),
        ("", None),
        ("x", None),
        ("²", None),
        pytest.param("9" * 5000, None, id="long"),
    ],
)
def test_a_build_needs_a_driver_for(built: str, needed: str | None) -> None:
    assert needed_cuda(built) == needed


@pytest.mark.parametrize(
    "names", [{"pytorch"}, {"torch"}, {"tensorflow-gpu"}, {"cupy-cuda12x"}, {"py-xgboost"}, {"jaxlib"}]
)
def test_these_packages_can_be_asked(names: set[str]) -> None:
    assert can_be_asked({"python", *names})


def test_other_packages_cannot() -> None:
    assert not can_be_asked(["python", "numpy", "torch2trt", "r-xgboost", "numba", "mytorch"])


# What runs in the environment


def test_what_asks_needs_an_old_python_and_nothing_else() -> None:
    text = Path(asking.__file__).read_text()
    tree = ast.parse(text, feature_version=(3, 8))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in modules} <= sys.stdlib_module_names
    assert tuple(asking.FRAMEWORKS) == FRAMEWORKS


def test_the_product_is_told_from_others() -> None:
    product = [[256.0 * (i % 7) * (j % 5) for j in range(256)] for i in range(256)]
    assert asking.is_product(product)
    product[255][254] += 1
    assert not asking.is_product(product)


@pytest.mark.parametrize(("number", "version"), [(90100, "9.1.0"), (91002, "9.10.2"), (8902, "8.9.2"), (None, None)])
def test_cudnn_versions(number: int | None, version: str | None) -> None:
    assert asking.cudnn(number) == version


def test_the_frameworks_do_not_take_the_whole_gpu() -> None:
    quiet = asking.QUIET
    assert (quiet["XLA_PYTHON_CLIENT_PREALLOCATE"], quiet["TF_FORCE_GPU_ALLOW_GROWTH"]) == ("false", "true")
