"""What somebody types -> the package names they may mean, best first."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

# https://github.com/conda/ceps/blob/main/cep-0026.md: the characters that a name is made of.
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_."
# No name of a package is longer; and a text that is cannot be a misspelt one.
_LONGEST = 128
# Where a match spec's name ends: “numpy>=2”, “numpy=1.26”, “numpy[build=…]”, “numpy; …”.
_AFTER_NAME = re.compile(r"[=<>!~\[;,(|@]")
_SEPARATORS = re.compile(r"[-_.\s]+")
_MOST_SIMILAR = 10


def typed_words(query: str) -> list[str]:
    """The words to look for in what was typed, which may be a match spec with a channel and a version."""
    if len(query) > 10 * _LONGEST:
        return [query]
    text = query.rpartition("::")[2].strip().lower()
    words = _AFTER_NAME.split(text, maxsplit=1)[0].split() if text else []
    # “numpy 1.26”: a spec's second word is a version.
    return words[:1] + [word for word in words[1:] if not re.match(r"[\d*]", word)]


class Names:
    """Package names, ready to be searched.

    Parameters
    ----------
    names:
        Normalised ones.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.all = frozenset(names)
        # Of two names that match equally well, the shorter one is the likelier.
        self._ordered = sorted(self.all, key=lambda name: (len(name), name))

    def matching(self, query: str) -> list[str]:
        """All names with what was typed in them: the name itself, then those that begin with it, then those of which a
        part begins with it, then the rest; where there are none, those that are spelt nearly so.
        """
        words = typed_words(query)
        if not words:
            return [] if query.strip() else self._ordered
        if len(words[0]) > _LONGEST:
            return []
        if len(words) == 1:
            (word,) = words
            found = [name for name in self._ordered if word in name]
        else:
            found = [name for name in self._ordered if all(word in name for word in words)]
        return _ranked(found, "-".join(words)) if found else self.misspelt("-".join(words))

    def misspelt(self, name: str) -> list[str]:
        """Names that differ from this one by a letter or two neighbours, or only by their separators."""
        if not 2 < len(name) <= _LONGEST:
            return []
        found = dict.fromkeys(spelling for spelling in _other_separators(name) if spelling in self.all)
        found.update(dict.fromkeys(spelling for spelling in _one_mistake(name) if spelling in self.all))
        if not found:
            found.update(dict.fromkeys(self._alike(name)))
        return sorted(found, key=lambda other: (other[0] != name[0], len(other), other))[:_MOST_SIMILAR]

    def _alike(self, name: str) -> list[str]:
        # People get the first letter right, and the length nearly; to compare with all thirty thousand takes too long.
        likely = [other for other in self._ordered if other[0] == name[0] and abs(len(other) - len(name)) <= 2]
        return difflib.get_close_matches(name, likely, 3, 0.75)

    def near(self, name: str) -> list[str]:
        """Up to three names that may have been meant by one that does not exist; may take a tenth of a second."""
        wanted = name.lower()
        if not 0 < len(wanted) <= _LONGEST:
            return []
        alike = self.misspelt(wanted) or difflib.get_close_matches(wanted, self._ordered, 3, 0.7)
        longer = [other for other in self._ordered if other.startswith(wanted)]
        return list(dict.fromkeys([*alike, *longer]))[:3]


def _ranked(found: list[str], typed: str) -> list[str]:
    exact: list[str] = []
    begins: list[str] = []
    part: list[str] = []
    rest: list[str] = []
    parts = tuple(separator + typed for separator in "-_.")
    for name in found:
        if name.startswith(typed):
            (exact if name == typed else begins).append(name)
        elif any(begin in name for begin in parts):
            part.append(name)
        else:
            rest.append(name)
    return exact + begins + part + rest


def _other_separators(name: str) -> Iterator[str]:
    for separator in ("-", "_", ".", ""):
        yield _SEPARATORS.sub(separator, name)


def _one_mistake(name: str) -> Iterator[str]:
    """Every text that is one missing, additional, wrong or exchanged character away."""
    for place in range(len(name) + 1):
        head, tail = name[:place], name[place:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for character in _CHARACTERS:
            yield head + character + tail
            if tail:
                yield head + character + tail[1:]
