"""Jobs as folders: they outlive the server, the worker and the browser.

::

    <jobs>/<id>/action.json    what to do; private, as it may hold credentials; removed when the job is over
                events.jsonl   the log, written by the worker alone
                status.json    the Job, replaced atomically; by the worker while it lives, else by who finds it dead
                owner.json     the process that queued it
                worker.json    the process that runs it
                worker.log     what the worker printed
                file.json      the file that the worker has written, before it gets its name
                cancel         someone wants it cancelled
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
import uuid
from pathlib import Path

import msgspec

from ..errors import NotFound
from ..models import ArchiveFormat, Job, JobAction, JobEvent, JobState
from ..plans import StoredChange, StoredPlan
from ..pypi.state import PypiSettings
from ..sharing import SharedPlace
from .process import ProcessId

ACTIVE: frozenset[JobState] = frozenset({"queued", "waiting", "running"})
KEEP_JOBS = 100
_ID = re.compile(r"[0-9a-z]{1,40}")


class CreateAction(msgspec.Struct, frozen=True, kw_only=True, tag="create"):
    """All a worker needs to create an environment; ``pypi`` where its plan has packages from there."""

    prefix: str
    environment: str
    plan: StoredPlan
    pypi: PypiSettings | None = None
    kernel: str | None
    display_name: str | None
    command: str
    channels: list[str]
    network: bytes
    pkgs_dirs: list[str]
    kernels_dir: str
    environments_txt: str
    run_link_scripts: bool
    shared: SharedPlace | None = None


class RemoveAction(msgspec.Struct, frozen=True, kw_only=True, tag="remove"):
    """All a worker needs to remove an environment; its kernels may lie in ``shared_kernels_dir``, too."""

    prefix: str
    environment: str
    kernels: list[str]
    kernels_dir: str
    shared_kernels_dir: str | None = None
    environments_txt: str


class ChangeAction(msgspec.Struct, frozen=True, kw_only=True, tag="change"):
    """All a worker needs to change an environment; ``keep`` former states are kept."""

    prefix: str
    environment: str
    plan: StoredChange
    command: str
    network: bytes
    pypi: PypiSettings
    pkgs_dirs: list[str]
    kernels_dir: str
    environments_txt: str
    run_link_scripts: bool
    keep: int
    shared: SharedPlace | None = None


class RollbackAction(msgspec.Struct, frozen=True, kw_only=True, tag="rollback"):
    """All a worker needs to make another generation the current one."""

    prefix: str
    environment: str
    generation: int
    kernels_dir: str
    environments_txt: str
    shared: SharedPlace | None = None


class PackAction(msgspec.Struct, frozen=True, kw_only=True, tag="pack"):
    """All a worker needs to write the archive of an environment."""

    prefix: str
    environment: str
    archive: str
    format: ArchiveFormat
    kernels_dir: str
    environments_txt: str


Action = CreateAction | ChangeAction | RollbackAction | RemoveAction | PackAction


class JobFolder:
    """One job's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name
        self.events_file = folder / "events.jsonl"
        self.log_file = folder / "worker.log"
        self.cancel_file = folder / "cancel"

    def read_job(self) -> Job:
        """The job as it stands; raises NotFound when there is none."""
        try:
            return msgspec.json.decode((self.folder / "status.json").read_bytes(), type=Job)
        except (OSError, msgspec.DecodeError) as error:
            raise NotFound(f"There is no job {self.id}.", hint="Refresh the list of jobs.") from error

    def write_job(self, job: Job) -> Job:
        """Replace the job atomically."""
        _replace(self.folder / "status.json", msgspec.json.encode(job))
        return job

    def read_action(self) -> Action:
        """What the job is to do."""
        action: Action = msgspec.json.decode((self.folder / "action.json").read_bytes(), type=Action)
        return action

    def read_process(self, role: str) -> ProcessId | None:
        """The ``owner`` or ``worker`` process, if one was written."""
        try:
            return msgspec.json.decode((self.folder / f"{role}.json").read_bytes(), type=ProcessId)
        except (OSError, msgspec.DecodeError):
            return None

    def write_process(self, role: str, process: ProcessId) -> None:
        """Say which process is the ``owner`` or the ``worker``."""
        _replace(self.folder / f"{role}.json", msgspec.json.encode(process))

    def note_file(self, file: Path) -> None:
        """Say which file is the job's, whatever name it will have."""
        _replace(self.folder / "file.json", msgspec.json.encode(file_version(file)))

    def noted_file(self) -> tuple[int, int] | None:
        """The version of that file, if there is one."""
        try:
            return msgspec.json.decode((self.folder / "file.json").read_bytes(), type=tuple[int, int])
        except (OSError, msgspec.DecodeError):
            return None

    def claim(self, worker: ProcessId) -> bool:
        """Become the job's one worker; False when it has one: a server that died may just have started it."""
        file = self.folder / "worker.json"
        mine = self.folder / f".worker.{worker.pid}"
        mine.write_bytes(msgspec.json.encode(worker))
        try:
            os.link(mine, file)
        except FileExistsError:
            return False
        except OSError:
            # No hard links here; two servers that share such a folder are on one machine.
            if file.exists():
                return False
            mine.replace(file)
        finally:
            mine.unlink(missing_ok=True)
        return True

    def events(self, since: int = 0) -> list[JobEvent]:
        """The log from sequence number ``since`` on; a line that is still being written is left for later."""
        try:
            lines = self.events_file.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [msgspec.json.decode(line, type=JobEvent) for line in lines[max(0, since) :]]

    def forget_action(self) -> None:
        """Remove what may hold credentials."""
        (self.folder / "action.json").unlink(missing_ok=True)


class JobStore:
    """All jobs of a user.

    Parameters
    ----------
    folder:
        Where they are kept; made on first use, readable by the user alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, tuple[tuple[int, int], Job]] = {}

    def add(self, action: Action, *, kind: JobAction, title: str, owner: ProcessId) -> Job:
        """Store a new job; its folder appears whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._forget_old()
        created = time.time()
        # Sorts by age, so that listing needs no more than the names.
        job_id = f"{int(created * 1000):013d}{uuid.uuid4().hex[:6]}"
        job = Job(
            id=job_id,
            action=kind,
            environment=action.environment,
            prefix=action.prefix,
            title=title,
            state="queued",
            created=created,
        )
        partial = JobFolder(self.folder / f".{job_id}")
        partial.folder.mkdir(mode=0o700)
        _replace(partial.folder / "action.json", msgspec.json.encode(action))
        partial.write_process("owner", owner)
        partial.write_job(job)
        partial.folder.rename(self.folder / job_id)
        return job

    def get(self, job: str) -> JobFolder:
        """The folder of one job; raises NotFound for an id that is none."""
        folder = self.folder / job
        if not _ID.fullmatch(job) or not folder.is_dir():
            raise NotFound(f"There is no job {job}.", hint="Refresh the list of jobs.")
        return JobFolder(folder)

    def folders(self) -> list[JobFolder]:
        """All jobs, newest first."""
        try:
            names = sorted((entry.name for entry in os.scandir(self.folder) if entry.name.isalnum()), reverse=True)
        except FileNotFoundError:
            return []
        return [JobFolder(self.folder / name) for name in names]

    def jobs(self) -> list[Job]:
        """All jobs, newest first; one whose status cannot be read is left out."""
        read: dict[str, tuple[tuple[int, int], Job]] = {}
        for folder in self.folders():
            with contextlib.suppress(NotFound):
                version = file_version(folder.folder / "status.json")
                known = self._read.get(folder.id)
                read[folder.id] = known if known and known[0] == version else (version, folder.read_job())
        self._read = read
        return [job for _, job in read.values()]

    def _forget_old(self) -> None:
        for folder in self.folders()[KEEP_JOBS:]:
            try:
                job = folder.read_job()
            except NotFound:
                continue
            if job.state not in ACTIVE and not job.aftercare:
                shutil.rmtree(folder.folder, ignore_errors=True)


def file_version(path: Path) -> tuple[int, int]:
    """Tells two states of a file that is replaced, also within one tick of the clock."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
        file.write(content)
    partial.replace(path)
