"""An environment outside a notebook: a terminal in which it is active, and the lines for one's own scripts."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..errors import NotAllowed
from ..kernels import activation_lines
from ..models import Activation, Environment, TerminalName

# What Jupyter's own terminals read: they are login shells, without which a cluster has no modules.
_BASH_LOGIN = """[ -f /etc/profile ] && . /etc/profile
for file in ~/.bash_profile ~/.bash_login ~/.profile ~/.bashrc; do
  [ -f "$file" ] && . "$file" && break
done
unset file
"""

#: Starts a terminal that runs this command; the answer is its name.
StartTerminal = Callable[[list[str]], Awaitable[str]]


class TerminalService:
    """Activation, for people and for terminals.

    Parameters
    ----------
    folder:
        Where start files of shells are written.
    find:
        An environment by id; raises NotFound.
    """

    def __init__(self, folder: Path, *, find: Callable[[str], Awaitable[Environment]]) -> None:
        self._folder = folder
        self._find = find
        #: Starts terminals; set by whoever has some.
        self.start: StartTerminal = _no_terminals
        #: The shell that this server's terminals run.
        self.shell = os.environ.get("SHELL") or "/bin/sh"

    async def activation(self, environment: str) -> Activation:
        """The lines that activate an environment in a terminal and in a batch script; raises NotFound."""
        found = await self._find(environment)
        shell, job = await asyncio.to_thread(activation_lines, Path(found.prefix), [])
        return Activation(shell=shell, job=job)

    async def open(self, environment: str) -> TerminalName:
        """Start a terminal in which an environment is active.

        Raises
        ------
        NotFound
            There is no such environment.
        NotAllowed
            This server has no terminals.
        """
        found = await self._find(environment)
        command = await asyncio.to_thread(self._command, found)
        return TerminalName(name=await self.start(command))

    def _command(self, found: Environment) -> list[str]:
        """A shell that reads its owner's start file first and activates then, so that the environment wins."""
        shell, _ = activation_lines(Path(found.prefix), [])
        folder = self._folder / found.id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kind = Path(self.shell).name
        printable = "".join(letter for letter in found.name if letter.isprintable())
        name = f"ENVMANAGER_NAME={shlex.quote(printable)}\n"
        if kind == "bash":
            start = folder / "bashrc"
            # The prompt expands a variable once: what a name holds is never run.
            _write(start, f'{_BASH_LOGIN}{shell}\n{name}PS1="(\\$ENVMANAGER_NAME) $PS1"\n')
            return [self.shell, "--rcfile", str(start), "-i"]
        if kind == "zsh":
            own = 'ZDOTDIR="${ENVMANAGER_ZDOTDIR:-$HOME}"\n[ -f "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"\n'
            # %1v is the first value of psvar as it is: neither prompt_subst nor a "%" in it counts.
            prompt = 'psvar+=("$ENVMANAGER_NAME")\nPROMPT="(%${#psvar}v) $PROMPT"\n'
            _write(folder / ".zshrc", f"{own}{shell}\n{name}{prompt}")
            return ["/usr/bin/env", f"ZDOTDIR={folder}", self.shell, "-i"]
        # Other shells read other languages; they inherit what a plain one has set.
        return ["/bin/sh", "-c", f"{shell}\nexec {shlex.quote(self.shell)} -i"]


def _write(file: Path, text: str) -> None:
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8", errors="surrogateescape")
    partial.replace(file)


async def _no_terminals(command: list[str]) -> str:
    raise NotAllowed(
        "This server has no terminals.",
        hint="Copy the activation line and use it in a terminal of your own.",
    )
