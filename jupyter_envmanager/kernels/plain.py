"""How is a kernelspec changed that we do not write ourselves? Its kernel.json and its logos, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import Invalid
from ..models import KernelEdit, LogoShipped
from . import building, kernelspec, reading, recipe
from .building import Files
from .kernelspec import STAMP, Spec, content

FIELDS = ("display_name", "variables", "arguments", "logo")


def editable(spec: Spec) -> list[str]:
    """What can be changed in it."""
    return [name for name in FIELDS if name != "arguments" or _end(spec.argv) is not None]


def arguments(spec: Spec) -> list[str]:
    """What follows the connection file in its command."""
    end = _end(spec.argv)
    return spec.argv[end:] if end is not None else []


def _end(argv: list[str]) -> int | None:
    places = [number for number, word in enumerate(argv) if "{connection_file}" in word]
    return places[-1] + 1 if places else None


def edited(spec: Spec, edit: KernelEdit) -> Files:
    """The files that an edit changes; all else in the folder stays as it is.

    Raises
    ------
    Invalid
        Something was asked for that only kernels of ours have; ``field`` says what.
    """
    for name in ("modules", "user_site"):
        if getattr(edit, name):
            raise Invalid(
                "This kernel was not made by this environment manager: it can load no modules of its own.",
                hint="Make a copy: that one can.",
                field=name,
            )
    data = raw(spec)
    if edit.display_name is not None:
        data["display_name"] = edit.display_name
    if edit.variables is not None:
        data["env"] = recipe.checked_variables(edit.variables, spec.env)
    if edit.arguments is not None:
        data["argv"] = _with_arguments(spec, edit.arguments)
    files: dict[str, bytes] = {}
    drop: frozenset[str] = frozenset()
    if edit.logo is not None:
        if isinstance(edit.logo, LogoShipped):
            raise Invalid("This kernel has no other logo to go back to.", hint="Upload one.", field="logo")
        name = edit.display_name or spec.display_name or spec.name
        files, drawn = building.logo_files(None, edit.logo, name, {}, None)
        drop = building.logo_names(spec.folder)
        _note(data, drawn)
    return Files(content={**files, "kernel.json": building.text_of(data)}, keep=True, drop=drop)


def _with_arguments(spec: Spec, arguments: list[str]) -> list[str]:
    end = _end(spec.argv)
    if end is None:
        raise Invalid(
            "It is not known where this kernel takes arguments: its command names no connection file.",
            hint=f"Edit {spec.folder / 'kernel.json'} by hand.",
            field="arguments",
        )
    return [*spec.argv[:end], *arguments]


def _note(content: dict[str, Any], drawn: object) -> None:
    stamp = content.get("metadata", {}).get(STAMP) if isinstance(content.get("metadata"), dict) else None
    if isinstance(stamp, dict):
        stamp["logo"] = "uploaded" if drawn == "uploaded" else {"initials": drawn.initials, "color": drawn.color}  # type: ignore[attr-defined]


def raw(spec: Spec) -> dict[str, Any]:
    """The kernel.json as it is now, with all that we do not know; raises Invalid where it is broken."""
    if spec.fault:
        raise Invalid(
            f"It cannot be changed as it is: {spec.fault}", hint="Write it anew, repair the file, or remove the kernel."
        )
    try:
        data: dict[str, Any] = json.loads(reading.read(spec.folder / "kernel.json", kernelspec.MAX_BYTES))
    except FileNotFoundError:
        # The server's own kernel has none.
        return content(spec)
    except (OSError, ValueError, RecursionError) as error:
        raise Invalid(f"It cannot be read: {error}", hint="Refresh the list, and try again.") from error
    return data


def stamped(content: dict[str, Any], stamp: dict[str, Any]) -> dict[str, Any]:
    """A kernel.json that bears our mark."""
    metadata = content.get("metadata")
    return {**content, "metadata": {**(metadata if isinstance(metadata, dict) else {}), STAMP: stamp}}


def led_to_itself(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A kernel.json whose command names files of its own folder in a way that a copy can keep."""
    argv = [word.replace(f"{folder}/", "{resource_dir}/") for word in content["argv"]]
    home = str(Path.home())
    if str(folder).startswith(f"{home}/"):
        short = "~" + str(folder)[len(home) :]
        argv = [word.replace(f"{short}/", "{resource_dir}/") if word.startswith("~") else word for word in argv]
    return {**content, "argv": argv}
