"""What is large, or made to do harm, is read in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from conftest import until

from jupyter_envmanager.apart import Ended, ask, ask_blocking
from jupyter_envmanager.errors import EnvManagerError, Invalid

LARGE = """\
import sys; sys.path.append(sys.argv[1])
from jupyter_envmanager.apart import tell
tell(lambda: bytes(200_000_000), memory=100_000_000)
"""


async def test_an_error_of_the_other_process_is_raised_here(tmp_path: Path) -> None:
    text = tmp_path / "a.tar.gz"
    text.write_text("no archive")
    with pytest.raises(EnvManagerError) as caught:
        await ask("packs.apart", str(text), "linux-64", seconds=60)
    assert type(caught.value) is Invalid
    assert caught.value.field == "source"


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_a_process_that_takes_too_long_is_ended() -> None:
    before = children()
    with pytest.raises(Ended) as caught:
        ask_blocking("engine.lockapart", "linux-64", given=b"", seconds=0.01)
    assert caught.value.killed
    assert children() <= before


async def test_a_process_that_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    before = children()
    asked = asyncio.create_task(ask("packs.apart", str(tmp_path), "linux-64", seconds=60))
    await until(lambda: children() - before)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert children() <= before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold a process to it")
def test_a_process_has_no_more_memory_than_it_is_given() -> None:
    root = Path(__file__).parents[1]
    ended = subprocess.run([sys.executable, "-c", LARGE, str(root)], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"MemoryError" in ended.stderr
