"""What a file asks for, while it is being read: every item with its line, and everything that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..models import FileContent, Problem, SpecFormat
from ..redaction import redact

ERROR = "file_error"
WARNING = "file_warning"
# Real environments have a few hundred packages, those of a repeated list of all platforms some thousands.
MOST = 10_000
TOO_MANY = f"The file names more than {MOST:,} packages."
FEWER = "An environment has a few hundred packages at most."
# Of each kind: more would help nobody, and a file of another kind has one in every line.
_MOST_PROBLEMS = 100


class Item(NamedTuple):
    """Something a file names, and its line from 1; 0 for what no line says."""

    text: str
    line: int = 0


@dataclass(kw_only=True)
class Draft:
    """The making of a `FileContent`.

    Parameters
    ----------
    format:
        What the file is read as.
    platform:
        conda's name of the platform it is read for.
    """

    format: SpecFormat
    platform: str
    name: str | None = None
    specs: list[Item] = field(default_factory=list)
    pypi: list[Item] = field(default_factory=list)
    channels: list[Item] | None = None
    variables: dict[str, str] = field(default_factory=dict)
    platforms: list[str] = field(default_factory=list)
    locked: int = 0
    problems: list[Problem] = field(default_factory=list)

    def error(self, line: int, message: str, hint: str = "", *, column: int = 0) -> None:
        """Note what keeps an environment from being made; ``line`` and ``column`` count from 1, 0 for none."""
        self._note(ERROR, line, message, hint, column)

    def warn(self, line: int, message: str, hint: str = "", *, column: int = 0) -> None:
        """Note what is passed over."""
        self._note(WARNING, line, message, hint, column)

    def _note(self, code: str, line: int, message: str, hint: str, column: int) -> None:
        if sum(problem.code == code for problem in self.problems) >= _MOST_PROBLEMS:
            return
        details = {name: value for name, value in (("line", line), ("column", column)) if value}
        problem = Problem(code=code, message=redact(message), hint=redact(hint), field="source", details=details)
        # What an alias repeats is said once.
        if all((line, message) != (one.details.get("line", 0), one.message) for one in self.problems):
            self.problems.append(problem)

    @property
    def usable(self) -> bool:
        """Whether an environment can be made from it."""
        return all(problem.code != ERROR for problem in self.problems)

    def content(self) -> FileContent:
        """What goes over the wire, problems in the order of their lines."""
        return FileContent(
            format=self.format,
            name=self.name,
            specs=[item.text for item in self.specs],
            pypi=[item.text for item in self.pypi],
            channels=None if self.channels is None else [item.text for item in self.channels],
            variables=self.variables,
            platforms=self.platforms,
            locked=self.locked,
            usable=self.usable,
            problems=sorted(self.problems, key=_place),
        )


def _place(problem: Problem) -> tuple[int, int]:
    return problem.details.get("line", 0), problem.details.get("column", 0)


def shown(text: str) -> str:
    """A text of the file as a message quotes it: on one line, and not for ever."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= 80 else line[:79] + '…'}”"
