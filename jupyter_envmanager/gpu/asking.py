"""What does one framework say of the GPU? Runs inside an environment, with its Python and nothing else of ours.

``python asking.py FRAMEWORK ANSWER SECONDS``: facts go to the open file with the number ANSWER as they become known,
one JSON object a line, so that what was learned before a crash is not lost; what packages print is no answer. After
SECONDS it ends itself, should nobody be left to end it. FRAMEWORK ``here`` asks which ones there are. Needs Python 3.8.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Callable  # noqa: UP035 - Python 3.8

Tell = Callable[..., None]

N = 256
# Small whole numbers: their product is exact in every format that a GPU may compute with.
LEFT = [[float(row % 7)] * N for row in range(N)]
RIGHT = [[float(column % 5) for column in range(N)] for _ in range(N)]


def is_product(rows: list[list[float]]) -> bool:
    """Whether this is LEFT × RIGHT."""
    return all(rows[i][j] == N * (i % 7) * (j % 5) for i in range(N) for j in range(N))


def computed(tell: Tell, product: Callable[[], Any], rows: Callable[[Any], list[list[float]]]) -> None:
    """Multiply twice: the first one also loads the library."""
    product()
    began = time.perf_counter()
    result = product()
    spent = time.perf_counter() - began
    tell(right=is_product(rows(result)), product_ms=round(spent * 1000, 3))


def cudnn(number: int | None) -> str | None:
    """``90100`` -> ``9.1.0``, ``8902`` -> ``8.9.2`` (https://docs.nvidia.com/deeplearning/cudnn)."""
    if not number:
        return None
    major = 10000 if number >= 90000 else 1000
    return f"{number // major}.{number % major // 100}.{number % 100}"


def cuda(number: int | None) -> str | None:
    """``12040`` -> ``12.4``."""
    return f"{number // 1000}.{number % 1000 // 10}" if number else None


def dotted(numbers: Any) -> str:
    """``(9, 0)`` -> ``9.0``."""
    return ".".join(str(number) for number in numbers)


def tried(read: Callable[[], Any]) -> Any:
    """A fact that a framework may not know."""
    try:
        return read()
    except Exception:
        return None


def _spec(name: str) -> Any:
    return tried(lambda: importlib.util.find_spec(name))


def here(tell: Tell) -> None:
    """Which modules there are, without importing one."""
    found = []
    for name in FRAMEWORKS:
        spec = _spec(MODULES.get(name, name))
        # A folder that is left of a removed package is no package.
        if spec is not None and spec.origin is not None:
            found.append(name)
    tell(python=sys.version.split()[0], prefix=sys.prefix, found=found, visible=os.environ.get("CUDA_VISIBLE_DEVICES"))


def torch(tell: Tell) -> None:
    torch: Any = importlib.import_module("torch")
    build = torch.version
    tell(version=torch.__version__, cuda=build.cuda, gpu=bool(build.cuda or getattr(build, "hip", None)), step="look")
    if not (build.cuda or getattr(build, "hip", None)):
        return
    # Unlike get_arch_list, this answers without a GPU.
    tell(archs=(tried(lambda: torch._C._cuda_getArchFlags()) or "").split())
    tell(cudnn=cudnn(tried(torch.backends.cudnn.version)))
    torch.cuda.init()
    count = range(torch.cuda.device_count())
    tell(
        devices=[torch.cuda.get_device_name(index) for index in count],
        capabilities=[dotted(torch.cuda.get_device_capability(index)) for index in count],
        step="compute",
    )
    left, right = torch.tensor(LEFT, device="cuda"), torch.tensor(RIGHT, device="cuda")

    def product() -> Any:
        result = left @ right
        torch.cuda.synchronize()
        return result

    computed(tell, product, lambda result: result.cpu().tolist())


def tensorflow(tell: Tell) -> None:
    tf: Any = importlib.import_module("tensorflow")
    build = tried(tf.sysconfig.get_build_info) or {}
    gpu = bool(build.get("is_cuda_build") or build.get("is_rocm_build"))
    tell(version=tf.__version__, gpu=gpu, cuda=build.get("cuda_version"), cudnn=build.get("cudnn_version"), step="look")
    if not gpu:
        return
    tell(archs=list(build.get("cuda_compute_capabilities") or []))
    devices = tf.config.list_physical_devices("GPU")
    for device in devices:
        tf.config.experimental.set_memory_growth(device, True)
    details = [tf.config.experimental.get_device_details(device) for device in devices]
    tell(
        devices=[one.get("device_name") or "GPU" for one in details],
        capabilities=[dotted(one["compute_capability"]) for one in details if "compute_capability" in one],
    )
    if not devices:
        return
    tell(step="compute")
    with tf.device("/GPU:0"):
        left, right = tf.constant(LEFT), tf.constant(RIGHT)
        computed(tell, lambda: tf.linalg.matmul(left, right).numpy(), lambda result: result.tolist())


def jax(tell: Tell) -> None:
    jax: Any = importlib.import_module("jax")
    # The build for CUDA is a plugin; before jaxlib 0.4.31 it was part of jaxlib.
    plugins = [name for name in ("jax_cuda13_plugin", "jax_cuda12_plugin") if _spec(name)]
    gpu = bool(plugins or list(Path(_spec("jaxlib").origin).parent.glob("cuda/_*")))
    tell(version=jax.__version__, gpu=gpu, step="look")
    if not gpu:
        return
    versions = tried(lambda: importlib.import_module("jax._src.lib").cuda_versions)
    tell(
        cuda=cuda(tried(lambda: versions.cuda_runtime_build_version())) or (plugins and plugins[0][8:10]) or None,
        cudnn=cudnn(tried(lambda: versions.cudnn_build_version())),
    )
    devices = jax.devices("gpu")
    tell(
        devices=[device.device_kind for device in devices],
        capabilities=[str(device.compute_capability) for device in devices if hasattr(device, "compute_capability")],
        step="compute",
    )
    left, right = (jax.device_put(jax.numpy.array(values), devices[0]) for values in (LEFT, RIGHT))
    computed(tell, lambda: jax.numpy.matmul(left, right).block_until_ready(), lambda result: result.tolist())


def cupy(tell: Tell) -> None:
    cupy: Any = importlib.import_module("cupy")
    runtime = cupy.cuda.runtime
    hip = bool(getattr(runtime, "is_hip", False))
    tell(version=cupy.__version__, gpu=True, cuda=None if hip else cuda(tried(runtime.runtimeGetVersion)), step="look")
    found = [runtime.getDeviceProperties(index) for index in range(runtime.getDeviceCount())]
    tell(
        devices=[one["name"].decode() for one in found],
        capabilities=[dotted((one["major"], one["minor"])) for one in found],
        step="compute",
    )
    left, right = (cupy.asarray(values, dtype=cupy.float32) for values in (LEFT, RIGHT))

    def product() -> Any:
        result = left @ right
        cupy.cuda.Device().synchronize()
        return result

    computed(tell, product, lambda result: result.tolist())


def numba(tell: Tell) -> None:
    numpy: Any = importlib.import_module("numpy")
    numba: Any = importlib.import_module("numba")
    device: Any = importlib.import_module("numba.cuda")
    tell(version=numba.__version__, gpu=True, step="look")
    tell(cuda=tried(lambda: dotted(device.runtime.get_version())))
    found = list(device.gpus)
    tell(
        devices=[one.name.decode() if isinstance(one.name, bytes) else one.name for one in found],
        capabilities=[dotted(one.compute_capability) for one in found],
        step="compute",
    )

    @device.jit  # type: ignore[untyped-decorator]
    def multiply(left: Any, right: Any, result: Any) -> None:
        i, j = device.grid(2)
        if i < result.shape[0] and j < result.shape[1]:
            total = numpy.float32(0)
            for k in range(left.shape[1]):
                total += left[i, k] * right[k, j]
            result[i, j] = total

    left, right = (device.to_device(numpy.array(values, dtype=numpy.float32)) for values in (LEFT, RIGHT))
    result = device.device_array((N, N), dtype=numpy.float32)

    def product() -> Any:
        multiply[(N // 16, N // 16), (16, 16)](left, right, result)
        device.synchronize()
        return result

    computed(tell, product, lambda result: result.copy_to_host().tolist())


def onnxruntime(tell: Tell) -> None:
    numpy: Any = importlib.import_module("numpy")
    ort: Any = importlib.import_module("onnxruntime")
    gpu = "CUDAExecutionProvider" in ort.get_available_providers()
    tell(version=ort.__version__, gpu=gpu, cuda=tried(lambda: ort.cuda_version) or None, step="look")
    if not gpu:
        return
    session = ort.InferenceSession(_onnx_product(), providers=["CUDAExecutionProvider"])
    # Where the GPU cannot be used it takes the CPU, and says so in its log only.
    if "CUDAExecutionProvider" not in session.get_providers():
        tell(devices=[])
        return
    tell(step="compute")
    values = {name: numpy.array(rows, dtype=numpy.float32) for name, rows in (("a", LEFT), ("b", RIGHT))}
    computed(tell, lambda: session.run(None, values)[0], lambda result: result.tolist())


def _onnx_product() -> bytes:
    """A model that multiplies two matrices, as https://onnx.ai/onnx/repo-docs/IR.html has it, in protobuf's terms."""

    def number(field: int, value: int) -> bytes:
        return bytes([field << 3]) + _varint(value)

    def part(field: int, *content: str | bytes) -> bytes:
        text = b"".join(one.encode() if isinstance(one, str) else one for one in content)
        return bytes([field << 3 | 2]) + _varint(len(text)) + text

    def matrix(field: int, name: str) -> bytes:
        shape = part(2, *[part(1, number(1, N))] * 2)
        return part(field, part(1, name), part(2, part(1, number(1, 1), shape)))

    node = part(1, part(1, "a"), part(1, "b"), part(2, "c"), part(4, "MatMul"))
    graph = part(7, node, part(2, "product"), matrix(11, "a"), matrix(11, "b"), matrix(12, "c"))
    return number(1, 8) + graph + part(8, number(2, 13))


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes(found + bytes([value]))


def xgboost(tell: Tell) -> None:
    numpy: Any = importlib.import_module("numpy")
    xgboost: Any = importlib.import_module("xgboost")
    build = tried(xgboost.build_info) or {}
    gpu = bool(build.get("USE_CUDA"))
    version = dotted(build.get("CUDA_VERSION") or ())
    tell(version=xgboost.__version__, gpu=gpu, cuda=version or None, step="look")
    if not gpu:
        return
    data = xgboost.DMatrix(numpy.arange(64.0).reshape(32, 2), label=numpy.arange(32.0))
    new = int(xgboost.__version__.split(".")[0]) >= 2
    wish = {"tree_method": "hist", "device": "cuda"} if new else {"tree_method": "gpu_hist"}
    booster = xgboost.train(wish, data, 2)
    used = json.loads(booster.save_config())["learner"]["generic_param"]
    # Without a GPU it takes the CPU, and warns.
    if str(used.get("device", "cuda")).startswith("cuda"):
        tell(right=True)
    else:
        tell(devices=[])


def lightgbm(tell: Tell) -> None:
    numpy: Any = importlib.import_module("numpy")
    lightgbm: Any = importlib.import_module("lightgbm")
    tell(version=lightgbm.__version__, step="look")

    def train(kind: str) -> bool:
        labels = numpy.arange(64.0)
        data = lightgbm.Dataset(labels.reshape(64, 1), label=labels, params={"min_data_in_bin": 1, "verbose": -1})
        lightgbm.train({"device_type": kind, "min_data_in_leaf": 1, "verbose": -1}, data, 1)
        return True

    try:
        train("cuda")
    except lightgbm.basic.LightGBMError as error:
        if "not enabled in this build" not in str(error):
            tell(gpu=True)
            raise
    else:
        tell(gpu=True, right=True)
        return
    # The wheels of PyPI have OpenCL, whether anybody wants it or not: only one that works counts.
    works = bool(tried(lambda: train("gpu")))
    tell(gpu=works, right=works or None)


def cudf(tell: Tell) -> None:
    tell(gpu=True)
    cudf: Any = importlib.import_module("cudf")
    tell(version=cudf.__version__, step="compute")
    tell(right=int(cudf.Series(list(range(N))).sum()) == N * (N - 1) // 2)


def cuml(tell: Tell) -> None:
    tell(gpu=True)
    numpy: Any = importlib.import_module("numpy")
    cuml: Any = importlib.import_module("cuml")
    tell(version=cuml.__version__, step="compute")
    values = numpy.arange(32, dtype=numpy.float32)
    line = cuml.LinearRegression().fit(values.reshape(32, 1), 2 * values)
    tell(right=abs(float(line.predict(numpy.array([[10]], dtype=numpy.float32))[0]) - 20) < 0.1)


FRAMEWORKS = {
    one.__name__: one for one in (torch, tensorflow, jax, cupy, numba, onnxruntime, xgboost, lightgbm, cudf, cuml)
}
# Every numba has a cuda module; who wants to use it has installed more.
MODULES = {"numba": "numba_cuda"}
# Nobody wants a check to take the memory of the whole GPU, as some frameworks do.
QUIET = {
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "TF_CPP_MIN_LOG_LEVEL": "1",
    "CUDA_MODULE_LOADING": "LAZY",
}


def main(name: str, answer: str, seconds: str) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(int(seconds))
    # A file's name may be text that no encoding has.
    with os.fdopen(int(answer), "w", encoding="utf-8", errors="replace") as stream:

        def tell(**facts: Any) -> None:
            stream.write(json.dumps(facts, default=str, ensure_ascii=False) + "\n")
            stream.flush()

        if name == "here":
            here(tell)
            return
        for variable, value in QUIET.items():
            os.environ.setdefault(variable, value)
        tell(step="import")
        try:
            FRAMEWORKS[name](tell)
        # A package may as well end the process when it is imported.
        except BaseException as error:
            tell(error=f"{type(error).__name__}: {error}")
            raise
        tell(step="done")


if __name__ == "__main__":
    main(*sys.argv[1:])
