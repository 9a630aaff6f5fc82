"""An invented channel of conda-forge's size: an index without packages, sharded and unsharded.

Formats: https://github.com/conda/ceps/blob/main/cep-0016.md (shards) and
https://github.com/conda/ceps/blob/main/cep-0036.md (``repodata.json``).
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LAYOUTS = ("sharded", "unsharded")
NAMES, RECORDS = 30_000, 1_200_000
SUBDIRS = ("linux-64", "noarch")
# Whoever changes what is written changes this, too: it is part of the folder's name.
_FORMAT = 5
_PYTHONS = ("310", "311", "312", "313")
_LICENSES = ("BSD-3-Clause", "MIT", "Apache-2.0", "GPL-3.0-or-later", "LGPL-2.1-only", "BSD-2-Clause")


def _words(text: str) -> list[str]:
    return text.split()


#: What nearly everything needs, in an order in which each may need those before it.
CORE = _words(
    "_libgcc_mutex _openmp_mutex libgcc libstdcxx zlib bzip2 xz zstd ncurses readline openssl ca-certificates tk "
    "libffi libsqlite libuuid libexpat tzdata python_abi python libblas liblapack numpy scipy pandas six "
    "python-dateutil pytz setuptools wheel pip packaging cython pyparsing cycler kiwisolver fonttools pillow "
    "matplotlib-base matplotlib joblib threadpoolctl scikit-learn numba llvmlite h5py hdf5 pytables xarray dask "
    "distributed pyarrow arrow-cpp pytorch torchvision tensorflow jax jaxlib ipython ipykernel traitlets tornado "
    "pyzmq jupyter_client jupyter_core jupyter_server jupyterlab notebook nbconvert nbformat jinja2 markupsafe "
    "requests urllib3 idna certifi charset-normalizer click flask django sqlalchemy psycopg2 pytest hypothesis "
    "coverage black mypy ruff sympy networkx statsmodels seaborn bokeh plotly holoviews geopandas shapely pyproj "
    "gdal rasterio opencv scikit-image"
)
_LIBRARIES = CORE.index("numpy")
_COMPILED = CORE.index("six")
_WORDS = _words(
    "data graph neuro bio geo text image audio video signal spectral stats model tensor array frame table plot chart "
    "map mesh grid cloud async fast micro open free deep light smart auto meta multi hyper quant astro chem phys math "
    "num sym num py torch flow net web http json xml yaml toml csv sql cache queue task job log test mock lint type "
    "code doc note lab hub kernel shell term color font form widget view tree list hash key crypt auth token cell gene "
    "seq read align call variant peak fold dock dyn sim solve opt fit"
)
_PREFIXES = ("", "", "", "py", "lib", "r-", "python-", "perl-", "rust-", "django-", "jupyter-", "go-")


def large_channel(folder: Path, layout: str, names: int = NAMES, records: int = RECORDS) -> Path:
    """The channel's folder below ``folder``, written if it is not there yet; the same whenever it is written.

    Parameters
    ----------
    layout:
        ``sharded`` or ``unsharded``.
    """
    channel = folder / f"large-channel-{_FORMAT}-{names}-{records}" / layout
    if not channel.is_dir():
        draft = channel.with_name(f"{layout}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        for subdir in SUBDIRS:
            (draft / subdir).mkdir(parents=True)
            (_write_shards if layout == "sharded" else _write_whole)(
                draft / subdir, subdir, packages(subdir, names, records)
            )
        draft.rename(channel)
    return channel


def invented_names(count: int) -> list[str]:
    """So many package names, the `CORE` first."""
    found = dict.fromkeys(CORE)
    words = dict.fromkeys(_WORDS)
    for prefix, first, second in product(dict.fromkeys(_PREFIXES), words, words):
        if len(found) >= count:
            break
        found[f"{prefix}{first}{'' if prefix == 'py' else '-'}{second}"] = None
    return list(found)[:count]


def packages(subdir: str, names: int, records: int) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Each name of a subdir with its records by file name; a few have very many records, most have few."""
    chance = random.Random(names + records)
    # As on conda-forge: a few of the names that nobody needs have thousands of records, half of all fewer than twenty.
    weights = [1.0 / (number + 40) ** 0.85 for number in range(names)]
    chance.shuffle(weights)
    share = (records - sum(_core_records(number, SUBDIRS[number % 2]) for number in range(len(CORE)))) / sum(weights)
    for number, name in enumerate(invented_names(names)):
        home = SUBDIRS[0] if number < _COMPILED or chance.random() < 0.5 else SUBDIRS[1]
        count = _core_records(number, home) if number < len(CORE) else max(1, round(share * weights[number]))
        seed = chance.getrandbits(64)
        if home == subdir:
            yield name, _records(name, number, count, subdir, random.Random(seed))


def _core_records(number: int, subdir: str) -> int:
    """What conda-forge has, in round numbers, of a library, of the interpreter, and of a package for it."""
    if number < _LIBRARIES:
        return 700 if CORE[number] == "python" else 150
    return 1200 if subdir == SUBDIRS[0] else 250


def _records(name: str, number: int, count: int, subdir: str, chance: random.Random) -> dict[str, dict[str, Any]]:
    pythonic = number > CORE.index("python")
    variants = [f"py{python}" for python in _PYTHONS] if pythonic and subdir != "noarch" else [""]
    if name == "python":
        return _pythons(count, chance)
    above = [other for other in CORE[: min(number, len(CORE))] if other not in ("python", "python_abi")]
    needs = [f"{other} >=1.0" for other in chance.sample(above, min(len(above), 6 if pythonic else 2))]
    found = {}
    for item in range(count):
        variant = variants[item % len(variants)]
        step, build_number = divmod(item // len(variants), 3)
        version = f"{1 + step // 40}.{step // 4 % 10}.{step % 4}"
        depends = list(needs)
        if variant:
            minor = int(variant[3:])
            depends += [f"python >=3.{minor},<3.{minor + 1}.0a0", f"python_abi 3.{minor}.* *_cp3{minor}"]
        elif pythonic:
            depends += ["python >=3.9"]
        build = f"{variant}h{chance.getrandbits(28):07x}_{build_number}" if name != "python_abi" else ""
        if name == "python_abi":
            minor = 10 + item % 4
            version, build, depends = f"3.{minor}", f"{item}_cp3{minor}", [f"python 3.{minor}.*"]
        record = _record(name, version, build, build_number, depends, subdir, 1_500_000_000 + item * 40_000, chance)
        if subdir == "noarch" and pythonic:
            record["noarch"] = "python"
        found[f"{name}-{version}-{build}.conda"] = record
    return found


def _pythons(count: int, chance: random.Random) -> dict[str, dict[str, Any]]:
    depends = ["openssl >=1.0", "zlib >=1.0", "libffi >=1.0", "tzdata", "readline >=1.0", "__glibc >=2.17,<3.0.a0"]
    found = {}
    for item in range(count):
        minor, patch, build_number = 10 + item % 4, item // 4 % 12, item // 48
        version, build = f"3.{minor}.{patch}", f"h{chance.getrandbits(28):07x}_{build_number}_cpython"
        record = _record("python", version, build, build_number, depends, SUBDIRS[0], 1_650_000_000 + item, chance)
        found[f"python-{version}-{build}.conda"] = record
    return found


def _record(
    name: str,
    version: str,
    build: str,
    build_number: int,
    depends: list[str],
    subdir: str,
    built: int,
    chance: random.Random,
) -> dict[str, Any]:
    return {
        "build": build,
        "build_number": build_number,
        "constrains": [],
        "depends": depends,
        "license": _LICENSES[len(name) % len(_LICENSES)],
        "md5": chance.randbytes(16),
        "name": name,
        "sha256": chance.randbytes(32),
        "size": 20_000 + chance.getrandbits(22),
        "subdir": subdir,
        "timestamp": built * 1000,
        "version": version,
    }


def _write_shards(folder: Path, subdir: str, found: Iterator[tuple[str, dict[str, dict[str, Any]]]]) -> None:
    (folder / "shards").mkdir()
    shards = {}
    for name, records in found:
        shard = zstd.compress(
            msgspec.msgpack.encode({"packages": {}, "packages.conda": records, "removed": []}), level=3
        )
        shards[name] = hashlib.sha256(shard).digest()
        (folder / "shards" / f"{shards[name].hex()}.msgpack.zst").write_bytes(shard)
    info = {"subdir": subdir, "base_url": "", "shards_base_url": "./shards/", "created_at": "2026-01-01T00:00:00Z"}
    index = msgspec.msgpack.encode({"info": info, "shards": shards})
    (folder / "repodata_shards.msgpack.zst").write_bytes(zstd.compress(index))


def _write_whole(folder: Path, subdir: str, found: Iterator[tuple[str, dict[str, dict[str, Any]]]]) -> None:
    with zstd.open(folder / "repodata.json.zst", "wb", level=3) as file:
        _write_json(file, subdir, found)
    # rattler looks for this one where the compressed one is; both belong to a channel.
    with zstd.open(folder / "repodata.json.zst", "rb") as source, (folder / "repodata.json").open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _write_json(file: zstd.ZstdFile, subdir: str, found: Iterator[tuple[str, dict[str, dict[str, Any]]]]) -> None:
    file.write(b'{"info":{"subdir":"' + subdir.encode() + b'"},"packages":{},"packages.conda":{')
    comma = b""
    for _, records in found:
        texts = {
            name: {**record, "md5": record["md5"].hex(), "sha256": record["sha256"].hex()}
            for name, record in records.items()
        }
        file.write(comma + msgspec.json.encode(texts)[1:-1])
        comma = b","
    file.write(b'},"removed":[],"repodata_version":1}')
