"""Which build comes out for which driver and which request, and what is said where it is the wrong one.

The packages are stand-ins that follow conda-forge's and RAPIDS' (scripts/channel_builder/gpu_variants.py), and the true
repodata of the pytorch channel where it is beside the checkout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from gpu_channel import CHANNELS, DRIVERS, PYTORCH_REPODATA, addresses, serve_variants
from gpu_previews import preview, remedied, request_for, service_in
from local_channel import ChannelServer
from rattler import RepoDataRecord, Subdir

from jupyter_envmanager.engine import solve
from jupyter_envmanager.errors import Unsatisfiable
from jupyter_envmanager.models import GpuTarget
from jupyter_envmanager.service import EnvManagerService

# Driver, request, and the beginnings of what comes out; of a package without version, that it does not.
CHOSEN = """
none | pytorch                        | pytorch 2.13.0 cpu_mkl
none | pytorch-gpu                    | nothing
none | pytorch=*=cuda*                | nothing
none | torchvision                    | torchvision 0.28.0 cpu, pytorch 2.13.0 cpu
none | tensorflow                     | tensorflow 2.19.1 cpu, cuda-version
none | tensorflow-gpu                 | nothing
none | jax                            | jaxlib 0.9.2 cpu
none | jaxlib=*=cuda*                 | nothing
none | cupy                           | cupy 14.1.1 py313, cuda-version 13.3
none | faiss                          | faiss 1.14.3 py313cuda130
none | onnxruntime                    | onnxruntime 1.26.0 py313 _cpu
none | libtorch                       | libtorch 2.13.0 cuda130
none | pytorch cuda-version=13        | pytorch 2.13.0 cpu, cuda-version 13
none | cudf                           | cudf 26.10.00 cuda13 | rapids
470  | pytorch                        | pytorch 2.13.0 cpu
470  | pytorch-gpu                    | pytorch 2.4.1 cuda118, cuda-version 11.8, cudatoolkit 11.8
470  | pytorch=*=cuda*                | pytorch 2.4.1 cuda118
470  | pytorch=2.4                    | pytorch 2.4.1 cuda118
470  | pytorch=2.7                    | pytorch 2.7.1 cpu
470  | pytorch cuda-version=11.8      | pytorch 2.13.0 cpu, cuda-version 11.8
470  | pytorch cuda-version=12.*      | nothing
470  | pytorch-gpu python=3.13        | nothing
470  | tensorflow                     | tensorflow 2.19.1 cpu
470  | tensorflow-gpu                 | tensorflow 2.15.0 cuda118, python 3.11
470  | jaxlib=*=cuda*                 | jaxlib 0.4.26 cuda118
470  | cupy                           | nothing
470  | cudf                           | nothing | rapids
470  | faiss                          | faiss 1.14.3 py313 _cpu
525  | pytorch                        | pytorch 2.13.0 cuda129_mkl, libtorch 2.13.0 cuda129_mkl, cuda-version 12.9
525  | pytorch=2.4                    | pytorch 2.4.1 cuda120
525  | pytorch=2.7                    | pytorch 2.7.1 cuda129
525  | torchvision                    | torchvision 0.28.0 cuda129, pytorch 2.13.0 cuda129
525  | xgboost                        | libxgboost 3.3.0 cuda129, py-xgboost 3.3.0 cuda129
525  | lightgbm                       | lightgbm 4.7.0 cuda129, liblightgbm 4.7.0 cuda129
525  | pytorch=*=cpu*                 | pytorch 2.13.0 cpu
525  | pytorch=*=*generic*            | pytorch 2.13.0 cuda129_generic, nomkl 1.0
525  | pytorch-cpu                    | pytorch 2.13.0 cpu
525  | pytorch cuda-version=12.4      | pytorch 2.13.0 cpu, cuda-version 12.4
525  | pytorch cuda-version=13        | nothing
525  | tensorflow                     | tensorflow 2.19.1 cuda128, tensorflow-base 2.19.1 cuda128, python 3.12
525  | tensorflow-cpu                 | tensorflow 2.19.1 cpu
525  | tensorflow python=3.13         | nothing
525  | jax                            | jaxlib 0.9.2 cuda129
525  | onnxruntime                    | onnxruntime 1.26.0 py313 _cuda129
525  | pytorch tensorflow             | pytorch 2.13.0 cuda129, tensorflow 2.19.1 cuda128
525  | xgboost=*=cpu*                 | libxgboost 3.3.0 cpu
525  | pytorch                        | pytorch 2.12.0 cpu | main
525  | invented-kernels python=3.13   | invented-kernels 1.0 cpu
525  | cudf                           | cudf 26.10.00 cuda12, cupy 14.1.1, cuda-version 12.9 | rapids
550  | invented-attention             | nothing
570  | invented-attention             | pytorch 2.13.0 cuda129, cuda-arch 9.0
580  | pytorch                        | pytorch 2.13.0 cuda130, cuda-version 13
580  | pytorch cuda-version=12.*      | pytorch 2.13.0 cuda129
580  | pytorch tensorflow             | pytorch 2.13.0 cuda130, tensorflow 2.19.1 cpu
580  | cupy pytorch                   | pytorch 2.13.0 cuda130, cuda-version 13
none | pytorch                        | pytorch 2.1.0 py3.11_cuda, pytorch-mutex 1.0 cuda | pytorch
none | pytorch cpuonly                | pytorch 2.1.0 py3.11_cpu, pytorch-cuda | pytorch
470  | pytorch pytorch-cuda=11.8      | pytorch 2.1.0 py3.11_cuda11.8, pytorch-cuda 11.8 | pytorch
470  | pytorch pytorch-cuda=12.1      | pytorch 2.1.0 py3.11_cuda12.1, cuda-cudart 12.1 | pytorch
470  | pytorch=1.12 cudatoolkit=11.3  | pytorch 1.12.1 py3.10_cuda11.3, cudatoolkit 11.3 | pytorch
none | pytorch cudatoolkit=11.3       | pytorch 2.1.0 py3.11_cuda, cudatoolkit 11.3 | pytorch
525  | torchvision pytorch-cuda=12.1  | torchvision 0.16.0 py311_cu121, pytorch 2.1.0 py3.11_cuda12.1 | pytorch
525  | torchaudio cpuonly             | torchaudio 2.1.0 py311_cpu, pytorch 2.1.0 py3.11_cpu | pytorch
"""

# What an environment is for, request, what comes out, and what is said of it; then, what the first remedy leads to. No
# remedy leads to a plan that is stopped, or to none.
ADVISED = """
machine    | pytorch                      | pytorch cpu: gpu_elsewhere            | pytorch gpu
machine    | torch                        | pytorch cpu: renamed gpu_elsewhere    | pytorch gpu
machine    | pytorch-gpu                  | explained                             | pytorch gpu
machine    | tensorflow-gpu               | explained                             | tensorflow gpu
machine    | jaxlib=*=cuda*               | explained                             | jaxlib gpu
machine    | invented-attention           | explained                             | pytorch gpu
machine    | pytorch-cpu                  | pytorch cpu:
machine    | cupy                         | cupy gpu 13.3: cuda_without_driver    | cupy gpu 12.9
machine    | numpy                        | :
machine    | pytorch tensorflow           | pytorch cpu, tensorflow cpu: gpu_elsewhere | pytorch gpu, tensorflow gpu
machine    | tensorflow python=3.13       | refused
machine    | pytorch cuda-version=13      | pytorch cpu: gpu_elsewhere            | pytorch gpu 13.0
machine    | invented-kernels python=3.13 | invented-kernels cpu:
machine    | pytorch                      | pytorch cpu:                          | | main
machine    | pytorch-cpu tensorflow       | pytorch cpu, tensorflow cpu: gpu_elsewhere | pytorch gpu, tensorflow gpu
machine    | faiss-gpu                    | faiss gpu: cuda_without_driver        | faiss gpu
cpu        | pytorch                      | pytorch cpu:
cpu        | torchvision                  | torchvision cpu, pytorch cpu:
cpu        | tensorflow jax               | tensorflow cpu, jax cpu:
cpu        | pytorch-gpu                  | explained                             | pytorch gpu
cpu        | faiss                        | faiss gpu: cuda_without_driver        | faiss cpu:
h100       | pytorch                      | pytorch gpu 12.9:
h100       | torchvision xgboost          | torchvision gpu 12.9, pytorch gpu, xgboost gpu 12.9:
h100       | tensorflow jax               | tensorflow gpu 12.8, jax gpu 12.9:
h100       | pytorch-cpu                  | pytorch cpu: stop cpu_build           | pytorch gpu 12.9:
h100       | pytorch cuda-version=13      | explained                             | pytorch gpu
h100       | pytorch cudatoolkit=11.8     | pytorch cpu: stop cpu_build           | pytorch gpu 11.8: older_cuda
cuda=13.0,arch=7.0 | pytorch              | pytorch gpu 13.0: capability_too_low  | pytorch gpu 12.9:
cuda=12.9,arch=3.5 | pytorch              | pytorch gpu 12.9: capability_too_low  | pytorch gpu 11.8:
470        | pytorch                      | pytorch cpu: stop cpu_build           | pytorch gpu 11.8:
470        | tensorflow                   | tensorflow cpu: stop cpu_build        | tensorflow gpu 11.8:
470        | jax                          | jax cpu: stop cpu_build               | jax gpu 11.8:
470        | pytorch=2.7                  | pytorch cpu: stop cpu_build           | pytorch gpu 11.8:
470        | python=3.13 pytorch          | pytorch cpu: stop cpu_build           | pytorch gpu 11.8:
470        | pytorch-gpu python=3.13      | explained                             | pytorch gpu 11.8:
470        | pytorch-gpu                  | pytorch gpu 11.8:
470        | torchvision                  | torchvision cpu, pytorch cpu: stop cpu_build | torchvision gpu, pytorch gpu:
470        | xgboost                      | xgboost cpu: stop cpu_build           | xgboost gpu:
470        | faiss                        | faiss cpu: stop cpu_build             | faiss gpu:
470        | cupy                         | explained                             | cupy gpu
470        | faiss-gpu                    | explained                             | faiss gpu
470        | jax cuda-version=12.4        | explained                             | jax gpu 11.8:
470        | pytorch cuda-version=12.4    | explained                             | pytorch gpu 11.8:
470        | pytorch-cpu torchvision      | torchvision cpu, pytorch cpu: stop cpu_build | torchvision gpu, pytorch gpu:
470        | pytorch-cpu tensorflow | pytorch cpu, tensorflow cpu: stop cpu_build | pytorch gpu 11.8, tensorflow gpu:
470        | tensorflow pytorch=*=cpu* | tensorflow cpu, pytorch cpu: stop cpu_build | pytorch gpu 11.8, tensorflow gpu:
470        | pytorch xgboost tensorflow   | pytorch cpu, xgboost cpu: stop cpu_build | xgboost gpu, pytorch gpu:
470        | pytorch cuda-version=12.*    | explained                             | pytorch gpu 11.8:
470        | tensorflow pytorch           | tensorflow cpu: stop cpu_build        | tensorflow gpu 11.8, pytorch gpu:
525        | pytorch                      | pytorch gpu 12.9:
525        | pytorch=*=cpu*               | pytorch cpu: stop cpu_build           | pytorch gpu 12.9:
525        | tensorflow-cpu               | tensorflow cpu: stop cpu_build        | tensorflow gpu 12.8:
525        | xgboost=*=cpu*               | xgboost cpu: stop cpu_build           | xgboost gpu 12.9:
525        | faiss-cpu                    | faiss cpu: stop cpu_build             | faiss gpu 12.9:
525        | pytorch-cpu tensorflow       | pytorch cpu, tensorflow gpu: stop cpu_build | pytorch gpu, tensorflow gpu:
525        | torchvision pytorch-cpu      | torchvision cpu, pytorch cpu: stop cpu_build | torchvision gpu, pytorch gpu:
525        | pytorch cuda-version=12.4    | pytorch cpu: stop cpu_build           | pytorch gpu:
525        | pytorch cuda-version=13      | explained                             | pytorch gpu 12.9:
525        | invented-kernels python=3.13 | invented-kernels cpu: stop cpu_build  | invented-kernels gpu 12.9:
525        | tensorflow python=3.13       | refused
525        | pytorch                      | pytorch cpu: stop cpu_build           | pytorch gpu 12.9: | main
525        | cudf                         | cudf gpu 12.9, cupy gpu 12.9:         | | rapids
550        | invented-attention           | explained                             | pytorch gpu
570        | invented-attention           | pytorch gpu 12.9:
580        | pytorch                      | pytorch gpu 13.0:
580        | pytorch tensorflow           | pytorch gpu, tensorflow cpu: stop cpu_build | pytorch gpu, tensorflow gpu:
580        | cupy-cuda12x                 | cupy gpu 13.3: renamed
machine    | pytorch                      | pytorch gpu: cuda_without_driver      | pytorch gpu: | pytorch
cpu        | pytorch cpuonly              | pytorch cpu:                          | | pytorch
470        | pytorch pytorch-cuda=11.8    | pytorch gpu 11.8:                     | | pytorch
470        | pytorch pytorch-cuda=12.1    | pytorch gpu 12.1: driver_too_old      | pytorch gpu 11.8: | pytorch
470        | pytorch=1.12 cudatoolkit=11.3 | pytorch gpu 11.3:                    | | pytorch
525        | pytorch cpuonly              | pytorch cpu: stop cpu_build           | pytorch gpu: | pytorch
"""

# What an environment is for, request, and words of the explanation.
EXPLAINED = """
machine | pytorch                      | this machine has no GPU
machine | pytorch-gpu                  | “pytorch-gpu” needs a GPU
cpu     | jaxlib=*=cuda*               | “jaxlib=*=cuda*” needs a GPU, CPU only
470     | pytorch                      | pytorch 2.13.0 need a driver, CUDA 12.0, runs CUDA 11.4
470     | pytorch tensorflow           | pytorch 2.13.0 and tensorflow 2.19.1 need a driver
470     | cupy                         | “cupy” needs a driver, CUDA 12.0, runs CUDA 11.4
525     | pytorch-cpu                  | “pytorch-cpu” asks for the CPU build
525     | pytorch=*=cpu*               | “pytorch=*=cpu*” asks for the CPU build
525     | pytorch cuda-version=12.4    | “cuda-version=12.4” fits no GPU build of pytorch
525     | pytorch cuda-version=13      | “cuda-version=13” needs a driver, CUDA 13.0, runs CUDA 12.0
525     | invented-kernels python=3.13 | Python 3.11 and 3.12, asked for 3.13
525     | pytorch                      | on conda-forge, main comes first | main
550     | invented-attention           | compute capability 8.0, 6.1
580     | pytorch tensorflow           | tensorflow comes as a CPU build, the solver preferred
470     | pytorch pytorch-cuda=12.1    | built for CUDA 12.1, CUDA 12.0 or newer, runs CUDA 11.4 | pytorch
525     | pytorch cpuonly              | “cpuonly” asks for the CPU build | pytorch
"""


def cases(table: str, columns: int) -> list[tuple[str, ...]]:
    """The lines of a table; the last column, the channels, may be left out, as may empty ones before it."""
    rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    named = [row if row[-1] in CHANNELS else [*row, "conda-forge"] for row in rows]
    return [(*row[:-1], *[""] * (columns - len(row)), row[-1]) for row in named]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One for all cases, as the service is."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChannelServer]:
    with serve_variants(tmp_path_factory.mktemp("variants")) as running:
        yield running


@pytest.fixture(scope="module")
def service(
    server: ChannelServer, loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EnvManagerService]:
    with service_in(tmp_path_factory.mktemp("home"), server) as made:
        yield made
        loop.run_until_complete(made.stop())


def skip_without_repodata(channels: str) -> None:
    if channels == "pytorch" and not (PYTORCH_REPODATA.exists() and str(Subdir.current()) == "linux-64"):
        pytest.skip("there is no repodata of the pytorch channel for this platform beside the checkout")


@pytest.mark.parametrize(("driver", "specs", "expected", "channels"), cases(CHOSEN, 4))
def test_a_driver_and_a_request_decide_the_build(
    loop: asyncio.AbstractEventLoop,
    service: EnvManagerService,
    server: ChannelServer,
    driver: str,
    specs: str,
    expected: str,
    channels: str,
) -> None:
    skip_without_repodata(channels)
    cuda, arch = DRIVERS[driver] or (None, None)
    target = GpuTarget(name=driver, title=driver, origin="custom", cuda=cuda, compute_capability=arch)

    async def answer() -> list[RepoDataRecord]:
        return await solve.find_records(
            await service.previewer.channels(service.source.current(), addresses(server, channels)),
            solve.parse_specs(specs.split()),
            priority="strict",
            constraints=[],
            virtual=await service.previewer.virtual_packages(target),
        )

    if expected == "nothing":
        with pytest.raises(Unsatisfiable):
            loop.run_until_complete(answer())
        return
    found = {record.name.normalized: record for record in loop.run_until_complete(answer())}
    for name, *facts in (each.split() for each in expected.split(", ")):
        if not facts:
            assert name not in found
            continue
        version, beginning, ending = (*facts, "", "")[:3]
        assert str(found[name].version).startswith(version)
        assert str(found[name].build).startswith(beginning)
        assert str(found[name].build).endswith(ending)


@pytest.mark.parametrize(("target", "specs", "expected", "then", "channels"), cases(ADVISED, 5))
def test_what_is_said_of_the_build_and_where_the_remedies_lead(
    loop: asyncio.AbstractEventLoop,
    service: EnvManagerService,
    server: ChannelServer,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    specs: str,
    expected: str,
    then: str,
    channels: str,
) -> None:
    skip_without_repodata(channels)
    # A machine that has a GPU says the same.
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")
    request = request_for(server, target, specs, channels)
    said = loop.run_until_complete(preview(service, request))
    assert said.matches(expected)
    later = [loop.run_until_complete(preview(service, remedied(request, each))) for each in said.remedies]
    assert not then or later[0].matches(then)
    for remedy, answer in zip(said.remedies, later, strict=True):
        assert not {"explained", "refused", "stop"} & set(answer.words), remedy.title
        assert remedy.gpu != "cpu" or not answer.words, remedy.title
        _, _, versions = remedy.title.partition(", with ")
        assert {*filter(None, versions.split(" and "))} <= {f"{b.name} {b.version}" for b in answer.builds}


@pytest.mark.parametrize(("target", "specs", "words", "channels"), cases(EXPLAINED, 4))
def test_the_reason_is_named(
    loop: asyncio.AbstractEventLoop,
    service: EnvManagerService,
    server: ChannelServer,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    specs: str,
    words: str,
    channels: str,
) -> None:
    skip_without_repodata(channels)
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")
    said = loop.run_until_complete(preview(service, request_for(server, target, specs, channels)))
    assert [phrase for phrase in words.split(", ") if phrase not in said.message] == []
