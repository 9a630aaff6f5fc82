"""A large ``repodata.json`` -> an index file beside it, in a process of its own.

    python -m jupyter_envmanager.engine.indexing < task.json

rattler maps the whole of a ``repodata.json`` into memory: more than half a gigabyte for a channel like conda-forge
where it is not sharded. Here that happens in a process that ends. The index says at which bytes of the file the
records of each name are, so the server reads just those. Format of the file:
https://github.com/conda/ceps/blob/main/cep-0036.md
"""

from __future__ import annotations

import asyncio
import mmap
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from rattler import Channel, Gateway, SourceConfig, Version

from .client import Network, clean_url, client
from .nesting import any_deep
from .offers import Offer

# Below this a channel is as quick and as small in the server's own memory.
LARGE_BYTES = 32_000_000
FORMAT = 2
# The exit status for an index that nobody should solve with.
DEEP = 3
_SECTIONS = ("packages", "packages.conda")
# The comma, line break and indentation between neighbours.
_GAP = 32


class Task(msgspec.Struct, frozen=True):
    """What to index: one of the channels of ``reach``, into the folder ``cache``, for these subdirs."""

    reach: Network
    channel: str
    subdirs: list[str]
    cache: str


class Stored(msgspec.Struct, frozen=True):
    """A ``repodata.json``, size in bytes; ``content`` changes when it does. ``ours`` are those in rattler's cache."""

    subdir: str
    path: Path
    size: int
    content: str
    ours: bool = True


class Runs(msgspec.Struct, array_like=True):
    """The bytes (begin, end) at which the records of one name are, by section of the file."""

    packages: list[tuple[int, int]] = []
    conda: list[tuple[int, int]] = []


class _Info(msgspec.Struct):
    url: str
    size: int = 0
    blake2_hash: str = ""


class _Repodata(msgspec.Struct, rename={"conda": "packages.conda"}):
    info: msgspec.Raw = msgspec.Raw(b"{}")
    packages: dict[str, msgspec.Raw] = {}
    conda: dict[str, msgspec.Raw] = {}


class _Record(msgspec.Struct):
    name: str
    version: str
    build_number: int = 0
    timestamp: float = 0
    size: int | None = None
    license: str | None = None


def index_path(cache: Path, channel: str) -> Path:
    """Where the index of a channel is, if it has one."""
    return cache / f"index-{sha256(channel.encode()).hexdigest()[:16]}.sqlite"


def stored_repodata(cache: Path, channel: str, subdirs: list[str]) -> list[Stored]:
    """What rattler's cache has of an unsharded channel.

    It keeps ``<key>.json`` and what it knows of it in ``<key>.info.json``: the URL it came from, its size and hash. It
    keeps nothing of a channel that is a folder of this machine.
    """
    if channel.startswith("file:"):
        folder = Path(unquote(urlsplit(channel).path))
        return [_in_folder(subdir, file) for subdir in subdirs if (file := folder / subdir / "repodata.json").is_file()]
    found: dict[str, Stored] = {}
    for path in cache.glob("*.info.json"):
        file = path.with_name(path.name.removesuffix(".info.json") + ".json")
        with suppress(OSError, msgspec.MsgspecError):
            info = msgspec.json.decode(path.read_bytes(), type=_Info)
            above, _, name = clean_url(info.url).rpartition("/")
            base, _, subdir = above.rpartition("/")
            if base == channel.rstrip("/") and subdir in subdirs and name.startswith("repodata.json"):
                size = file.stat().st_size
                found[subdir] = Stored(subdir, file, size, info.blake2_hash or f"{size}-{file.stat().st_mtime_ns}")
    return [found[subdir] for subdir in subdirs if subdir in found]


def _in_folder(subdir: str, file: Path) -> Stored:
    status = file.stat()
    return Stored(subdir, file, status.st_size, f"{status.st_size}-{status.st_mtime_ns}", ours=False)


def is_current(index: Path, stored: list[Stored]) -> bool:
    """Whether an index is of this format and was made of these files; its time of change says when that was seen."""
    with suppress(sqlite3.Error), closing(open_index(index)) as database:
        rows = database.execute("SELECT subdir, content, file FROM files").fetchall()
        made_of = {subdir: content for subdir, content, file in rows if index.with_name(file).is_file()}
        return bool(made_of == {one.subdir: one.content for one in stored})
    return False


def open_index(index: Path) -> sqlite3.Connection:
    """An index to read from, whole and of this format; raises sqlite3.Error.

    Indexes are replaced, never changed: no lock is needed.
    """
    # rattler may ask from any thread.
    database = sqlite3.connect(f"{index.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if state != "ok" or version != FORMAT:
        database.close()
        raise sqlite3.DatabaseError(f"{state}, format {version}")
    return database


def build(index: Path, stored: list[Stored]) -> None:
    """Write the index of these files; nobody ever sees half of one."""
    draft = index.with_name(f"{index.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    files = [(one, _keep(index, one)) for one in stored]
    with closing(sqlite3.connect(draft)) as database:
        database.executescript(
            f"""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA user_version = {FORMAT};
            CREATE TABLE files (subdir TEXT PRIMARY KEY, content TEXT, file TEXT, info BLOB);
            CREATE TABLE names (name TEXT, subdir TEXT, runs BLOB, offer BLOB, PRIMARY KEY (name, subdir)) WITHOUT ROWID
            """
        )
        for one, kept in files:
            with kept.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                info, rows = _rows(data, one.subdir)
                database.execute("INSERT INTO files VALUES (?, ?, ?, ?)", (one.subdir, one.content, kept.name, info))
                database.executemany("INSERT INTO names VALUES (?, ?, ?, ?)", rows)
        database.commit()
    draft.replace(index)
    for old in index.parent.glob(f"{index.stem}-*.json"):
        if old not in [kept for _, kept in files]:
            old.unlink(missing_ok=True)


def _keep(index: Path, stored: Stored) -> Path:
    """A second link to the file: rattler replaces its own while we still read this one. Others write into theirs."""
    kept = index.with_name(f"{index.stem}-{stored.subdir}-{sha256(stored.content.encode()).hexdigest()[:16]}.json")
    if not kept.exists():
        with suppress(OSError):
            if stored.ours:
                os.link(stored.path, kept)
        if not kept.exists():
            shutil.copyfile(stored.path, kept)
    return kept


def _rows(data: mmap.mmap, subdir: str) -> tuple[bytes, list[tuple[str, str, bytes, bytes]]]:
    repodata = msgspec.json.decode(memoryview(data), type=_Repodata)
    runs: dict[str, Runs] = {}
    best: dict[str, _Record] = {}
    for section, records in zip(_SECTIONS, (repodata.packages, repodata.conda), strict=True):
        for record, begin, end in _places(data, section, records):
            mine = runs.setdefault(record.name, Runs())
            places = mine.packages if section == "packages" else mine.conda
            if places and begin - places[-1][1] <= _GAP and data[places[-1][1] : begin].strip() == b",":
                places[-1] = (places[-1][0], end)
            else:
                places.append((begin, end))
            if record.name not in best or _newer(record, best[record.name]):
                best[record.name] = record
    encode = msgspec.msgpack.encode
    return bytes(repodata.info), [
        (name, subdir, encode(found), encode(_offer(best[name]))) for name, found in runs.items()
    ]


def _places(data: mmap.mmap, section: str, records: dict[str, msgspec.Raw]) -> Iterator[tuple[_Record, int, int]]:
    """Each record with the bytes, its file name included, at which it is. Records are in the order of the file."""
    decoder = msgspec.json.Decoder(_Record)
    end = data.find(msgspec.json.encode(section) + b":") if records else 0
    end = data.find(msgspec.json.encode(section)) if end < 0 else end
    for file, raw in records.items():
        begin = data.find(msgspec.json.encode(file), end)
        value = data.find(raw, begin) if begin >= 0 else -1
        if value < 0:
            raise ValueError(f"{section}: {file} is not where it was expected")
        end = value + len(memoryview(raw))
        yield decoder.decode(raw), begin, end


def _newer(one: _Record, other: _Record) -> bool:
    if one.version != other.version:
        return _version(one.version) > _version(other.version)
    return (one.build_number, one.timestamp) > (other.build_number, other.timestamp)


_versions: dict[str, Version] = {}


def _version(text: str) -> Version:
    if text not in _versions:
        try:
            _versions[text] = Version(text)
        except Exception:  # rattler's own class; a version that nobody can read is older than all others
            _versions[text] = Version("0")
    return _versions[text]


def _offer(record: _Record) -> Offer:
    return Offer(record.version, record.size, record.license)


async def fetch(task: Task) -> None:
    """Bring the channel's ``repodata.json`` into rattler's cache, or see that what is there is still true."""
    action: Any = "force-cache-only" if task.reach.offline else "cache-or-fetch"
    gateway = Gateway(
        cache_dir=Path(task.cache),
        default_config=SourceConfig(cache_action=action, sharded_enabled=False),
        client=client(task.reach),
    )
    await gateway.names([Channel(task.channel)], task.subdirs)  # type: ignore[arg-type]


def main() -> None:
    """Fetch, and index what is large; status 0 when the rest is the server's, `DEEP` for what it must not read."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    if not task.channel.startswith("file:"):
        asyncio.run(fetch(task))
    cache, index = Path(task.cache), index_path(Path(task.cache), task.channel)
    stored = stored_repodata(cache, task.channel, task.subdirs)
    if sum(one.size for one in stored) < LARGE_BYTES:
        index.unlink(missing_ok=True)
    elif is_current(index, stored):
        index.touch()
    elif any_deep(one.path for one in stored):
        index.unlink(missing_ok=True)
        sys.exit(DEEP)
    else:
        build(index, stored)


if __name__ == "__main__":
    main()
