"""Ways to end a worker at once: at an instant of the test's choice, or by itself when it reports a phase."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Home

import jupyter_envmanager
from jupyter_envmanager.jobs.process import ProcessId
from jupyter_envmanager.models import Job

#: How many instants of each kind of job somebody dies at; more find more, and take longer.
INSTANTS = int(os.environ.get("ENVMANAGER_TEST_INSTANTS", "6"))


def instants(seconds: float, seed: int = 20261124) -> Iterator[float]:
    """Instants of a job that takes so long: random ones, and yet one in each part of it."""
    chance = random.Random(seed)
    return (seconds * (number + chance.random()) / INSTANTS for number in range(INSTANTS))


def obeys_interrupts() -> None:
    """For ``preexec_fn``: a test run that a script has started in the background passes on that they are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def worker_of(home: Home, job: Job) -> ProcessId | None:
    """The worker, once it has begun."""
    return home.service.queue.store.get(job.id).read_process("worker")


def kill_worker(home: Home, job: Job) -> None:
    """End the worker and its children at once, as the kernel does when memory is short."""
    worker = worker_of(home, job)
    if worker is not None:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)


@pytest.fixture
def workers_kill_themselves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let workers import a hook that ends them when they report the phase named in the environment."""
    folder = tmp_path / "hook"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOOK)
    # The hook is imported before Python looks into the working folder: say where the package is.
    package = Path(jupyter_envmanager.__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{package}")


HOOK = """
import os, signal, sys

stage = os.environ.get("ENVMANAGER_TEST_KILL_AT")
if stage and "jupyter_envmanager.jobs.worker" in " ".join(sys.orig_argv):
    from jupyter_envmanager.jobs import store

    write = store.JobFolder.write_job

    def write_and_die(self, job):
        result = write(self, job)
        if job.phase == stage:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    store.JobFolder.write_job = write_and_die


rename = os.environ.get("ENVMANAGER_TEST_KILL_AT_RENAME")
if rename and "jupyter_envmanager.jobs.worker" in " ".join(sys.orig_argv):
    from jupyter_envmanager.engine import generations

    seen = []
    before = generations.exchange

    def exchange_and_count(one, other):
        import pathlib

        true = pathlib.Path.rename

        def count(self, target):
            result = true(self, target)
            seen.append(target)
            if len(seen) == int(rename):
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        done = before(one, other)
        pathlib.Path.rename = count
        return done

    generations.exchange = exchange_and_count
"""
