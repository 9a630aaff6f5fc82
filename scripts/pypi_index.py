"""A Python package index on loopback: wheels and sdists written on the spot, faults on request.

Speaks the simple repository API as HTML and as JSON, with the metadata of wheels beside them
(https://packaging.python.org/en/latest/specifications/simple-repository-api/).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import textwrap
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

_JSON = "application/vnd.pypi.simple.v1+json"

# A build backend that needs nothing from any index, as sdists carry it (PEP 517, PEP 660).
BACKEND = """
import base64, hashlib, os, pathlib, zipfile

NAME, VERSION, METADATA, FILES, FAIL = {name!r}, {version!r}, {metadata!r}, {files!r}, {fail!r}


def _write(folder, files):
    if FAIL:
        print(FAIL, flush=True)
        raise SystemExit(1)
    filename = f"{{NAME.replace('-', '_')}}-{{VERSION}}-py3-none-any.whl"
    info = f"{{NAME.replace('-', '_')}}-{{VERSION}}.dist-info"
    files = {{
        **files,
        f"{{info}}/METADATA": METADATA,
        f"{{info}}/WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    record = ""
    with zipfile.ZipFile(os.path.join(folder, filename), "w") as wheel:
        for path, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{{path}},sha256={{digest}},{{len(text.encode())}}\\n"
            wheel.writestr(path, text)
        wheel.writestr(f"{{info}}/RECORD", record + f"{{info}}/RECORD,,\\n")
    return filename


def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _write(folder, FILES)


def build_editable(folder, config_settings=None, metadata_directory=None):
    return _write(folder, {{f"{{NAME}}.pth": str(pathlib.Path.cwd() / "src") + "\\n"}})
"""


def metadata(name: str, version: str, requires: Sequence[str] = (), summary: str = "", python: str = "") -> str:
    """The text of a METADATA file."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Summary: {summary}"] if summary else []
    lines += [f"Requires-Python: {python}"] if python else []
    return "\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires), "", ""])


def wheel(
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
    scripts: Mapping[str, str] | None = None,
    summary: str = "",
    python: str = "",
    tag: str = "py3-none-any",
) -> tuple[str, bytes]:
    """A wheel's file name and content; by default one module of the package's name that knows its version."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    content = dict(files) if files is not None else {f"{module}.py": f"__version__ = {version!r}\n"}
    content[f"{info}/METADATA"] = metadata(name, version, requires, summary, python)
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    if scripts:
        lines = "".join(f"{script} = {target}\n" for script, target in scripts.items())
        content[f"{info}/entry_points.txt"] = f"[console_scripts]\n{lines}"
    record = "".join(f"{path},{_digest(text)},{len(text.encode())}\n" for path, text in content.items())
    content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return f"{module}-{version}-{tag}.whl", buffer.getvalue()


def project(name: str, version: str, *, requires: Sequence[str] = (), fail: str = "") -> dict[str, str]:
    """The files of a source tree that builds without any index; ``fail`` is printed by a build that then breaks."""
    module = name.replace("-", "_")
    backend = BACKEND.format(
        name=name,
        version=version,
        metadata=metadata(name, version, requires),
        files={f"{module}.py": f"__version__ = {version!r}\n"},
        fail=fail,
    )
    toml = f"""
        [project]
        name = "{name}"
        version = "{version}"
        dependencies = {list(requires)!r}

        [build-system]
        requires = []
        build-backend = "backend"
        backend-path = ["."]
        """
    return {
        "pyproject.toml": textwrap.dedent(toml),
        "backend.py": backend,
        f"src/{module}.py": f"__version__ = {version!r}\n",
    }


def sdist(name: str, version: str, *, requires: Sequence[str] = (), fail: str = "") -> tuple[str, bytes]:
    """A source distribution's file name and content."""
    root = f"{name.replace('-', '_')}-{version}"
    files = {**project(name, version, requires=requires, fail=fail), "PKG-INFO": metadata(name, version, requires)}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{root}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return f"{root}.tar.gz", buffer.getvalue()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a path: a ``status``, another ``body``, a body cut after ``truncate`` bytes, an answer only
    after ``delay`` seconds.
    """

    status: int | None = None
    body: bytes | None = None
    truncate: int | None = None
    delay: float = 0.0


@dataclass
class Shelf:
    """One file of the index; ``sha256`` is what the index says of it, right or wrong."""

    content: bytes
    sha256: str
    metadata: bytes | None = None
    python: str = ""
    yanked: bool = False


@dataclass
class Shelves:
    """What is on the index, and how it misbehaves; ``others`` are more indexes by their path, such as ``whl/cu126``."""

    files: dict[str, dict[str, Shelf]] = field(default_factory=dict)
    others: dict[str, dict[str, dict[str, Shelf]]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    password: tuple[str, str] | None = None
    html_only: bool = False
    documents: dict[str, bytes] = field(default_factory=dict)


class IndexServer(ThreadingHTTPServer):
    """The index; ``serve_index`` makes and stops it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, shelves: Shelves) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shelves = shelves

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """What a client names as its index."""
        return f"{self.origin}/simple"

    def add(
        self, packed: tuple[str, bytes], *, python: str = "", yanked: bool = False, sha256: str = "", place: str = ""
    ) -> str:
        """Put a wheel or an sdist on the shelf, or on that of another index; its URL."""
        filename, content = packed
        name = filename.split("-")[0].replace("_", "-").lower()
        told = _metadata_of(content) if filename.endswith(".whl") else None
        shelf = Shelf(content, sha256 or hashlib.sha256(content).hexdigest(), told, python, yanked)
        files = self.shelves.others.setdefault(place, {}) if place else self.shelves.files
        files.setdefault(name, {})[filename] = shelf
        return f"{self.origin}/files/{filename}"

    def wheel(self, name: str, version: str, *, place: str = "", **more: object) -> str:
        """Write a wheel and put it on the shelf, or on that of another index; its URL."""
        return self.add(wheel(name, version, **more), place=place)  # type: ignore[arg-type]

    def fault(self, pattern: str, fault: Fault) -> None:
        """From now on, let ``fault`` happen to paths that match ``pattern``."""
        self.shelves.faults[pattern] = fault


class _Handler(BaseHTTPRequestHandler):
    server: IndexServer
    protocol_version = "HTTP/1.1"
    # Header and body are two packets: else the second waits 40 ms for the first one's receipt.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        shelves = self.server.shelves
        shelves.requests.append(path)
        if shelves.password is not None:
            told = base64.b64encode(":".join(shelves.password).encode()).decode()
            if self.headers.get("Authorization") != f"Basic {told}":
                self._send(401, b"who are you", "text/plain")
                return
        fault = next((fault for pattern, fault in shelves.faults.items() if fnmatchcase(path, pattern)), None)
        if fault is not None and fault.delay:
            time.sleep(fault.delay)
        if fault is not None and fault.status is not None:
            self._send(fault.status, b"broken", "text/plain")
            return
        status, body, kind = self._answer(path)
        if fault is not None and fault.body is not None:
            body = fault.body
        self._send(status, body, kind, fault.truncate if fault else None)

    def _answer(self, path: str) -> tuple[int, bytes, str]:
        files, others = self.server.shelves.files, self.server.shelves.others
        match path.strip("/").split("/"):
            case ["simple", name] if name in files:
                if _JSON in self.headers.get("Accept", "") and not self.server.shelves.html_only:
                    return 200, _page_json(name, files[name], self.server.origin), _JSON
                return 200, _page_html(files[name]), "text/html"
            case [*place, name] if name in others.get("/".join(place), {}):
                # As PyTorch's does: no JSON.
                return 200, _page_html(others["/".join(place)][name]), "text/html"
            case ["files", filename]:
                every = [shelves for index in (files, *others.values()) for shelves in index.values()]
                for shelf in (shelves.get(filename.removesuffix(".metadata")) for shelves in every):
                    if shelf is not None:
                        content = shelf.metadata if filename.endswith(".metadata") else shelf.content
                        if content is not None:
                            return 200, content, "application/octet-stream"
        if path in self.server.shelves.documents:
            return 200, self.server.shelves.documents[path], "application/json"
        return 404, b"not here", "text/plain"

    def _send(self, status: int, body: bytes, kind: str, truncate: int | None = None) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        known = status == 200 and self.headers.get("If-None-Match") == tag
        self.send_response(304 if known else status)
        self.send_header("Content-Type", kind)
        self.send_header("ETag", tag)
        # Nothing may come unasked from a cache that a test has just spoiled.
        self.send_header("Cache-Control", "no-cache")
        if not known:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET" and not known:
            self.wfile.write(body if truncate is None else body[:truncate])
        if truncate is not None:
            self.close_connection = True


@contextmanager
def serve_index() -> Iterator[IndexServer]:
    """An empty index, up for as long as the block lasts."""
    server = IndexServer(Shelves())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _metadata_of(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")))


def _page_json(name: str, shelves: Mapping[str, Shelf], origin: str) -> bytes:
    files = [
        {
            "filename": filename,
            "url": f"{origin}/files/{filename}",
            "hashes": {"sha256": shelf.sha256},
            "size": len(shelf.content),
            "upload-time": "2026-01-02T03:04:05.000000Z",
            "yanked": shelf.yanked,
            "core-metadata": shelf.metadata is not None,
            **({"requires-python": shelf.python} if shelf.python else {}),
        }
        for filename, shelf in shelves.items()
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()


def _page_html(shelves: Mapping[str, Shelf]) -> bytes:
    rows = []
    for filename, shelf in shelves.items():
        more = ' data-core-metadata="true"' if shelf.metadata is not None else ""
        more += f' data-requires-python="{shelf.python.replace(">", "&gt;")}"' if shelf.python else ""
        more += ' data-yanked=""' if shelf.yanked else ""
        rows.append(f'<a href="/files/{quote(filename)}#sha256={shelf.sha256}"{more}>{filename}</a><br>')
    return ("<!DOCTYPE html><html><body>\n" + "\n".join(rows) + "\n</body></html>").encode()
