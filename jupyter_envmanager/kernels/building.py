"""Which files is a kernel made of? Those of a recipe: kernel.json, the launch script, the logos."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import Invalid
from ..models import KernelLogo, Logo, LogoInitials, LogoUpload
from . import kernelspec, launch, offering, reading
from .kernelspec import PLACEHOLDER, STAMP, Spec, folder_of_programs, literal
from .recipe import Recipe

SCRIPT = "run.sh"
_SHIPPED_BYTES = 20_000_000
_LOGO_BYTES = 4_000_000
_MAX_LOGOS = 20


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files of a kernelspec folder; ``keep`` leaves others there alone, but for ``drop``."""

    content: Mapping[str, bytes]
    keep: bool = False
    drop: frozenset[str] = frozenset()


def build(recipe: Recipe, display_name: str, *, logo: Logo | None = None, current: Path | None = None) -> Files:
    """The files of a kernel that is written by us, stamped.

    Parameters
    ----------
    recipe:
        What it is made from.
    logo:
        A logo that was asked for; without, the recipe's.
    current:
        Its folder as it is now, where an uploaded logo is.

    Raises
    ------
    Invalid
        The environment has no such kernel, or the logo cannot be used.
    """
    prefix = Path(recipe.prefix)
    try:
        offer = offering.chosen(prefix, recipe.source)
    except OSError as error:
        raise Invalid(
            f"The environment {str(prefix)[:200]} cannot be looked into: {error.strerror}.",
            hint="Write the kernel anew for an environment that is there, and that you may enter.",
        ) from error
    shipped = _shipped(offer.folder) if offer.name != offering.PLAIN else {}
    logos, drawn = logo_files(recipe.logo, logo, display_name, {**_logos(shipped)}, current)
    recipe = replace(recipe, source=offer.name, logo=drawn)
    others = {name: data for name, data in shipped.items() if not name.startswith("logo-")}
    content = _content(offer, recipe, display_name)
    files = {**others, **logos, "kernel.json": text_of(content)}
    if os.name != "nt":
        files[SCRIPT] = launch.script(
            prefix,
            offer.argv[0],
            variables=recipe.variables,
            modules=recipe.modules,
            arguments=recipe.arguments,
            user_site=recipe.user_site,
        ).encode("utf-8", "surrogateescape")
    return Files(content=files)


def text_of(content: Mapping[str, Any]) -> bytes:
    """A kernel.json."""
    return (json.dumps(content, indent=1) + "\n").encode()


def _content(offer: Spec, recipe: Recipe, display_name: str) -> dict[str, Any]:
    python = offer.language.lower() == "python"
    if os.name == "nt":
        argv, env = _on_windows(offer, recipe)
    else:
        argv, env = [launch.shell(), f"{{resource_dir}}/{SCRIPT}", *offer.argv[1:]], offer.env
    metadata = {**offer.metadata, **({"debugger": True} if python else {}), STAMP: recipe.stamp()}
    content = kernelspec.content(offer)
    return {**content, "argv": argv, "display_name": display_name, "env": env, "metadata": metadata}


def _on_windows(offer: Spec, recipe: Recipe) -> tuple[list[str], dict[str, str]]:
    """Command and variables where there is no shell to do it: what activation would set that a notebook relies on."""
    prefix, argv = Path(recipe.prefix), [*offer.argv, *recipe.arguments]
    if PLACEHOLDER.search(argv[0]):
        raise Invalid(
            f"Jupyter cannot start a kernel in {argv[0]}: braces in a path mean something else to it.",
            hint="Move the environment to a folder without braces in its name.",
        )
    if recipe.modules:
        raise Invalid("There are no environment modules on Windows.", hint="Take them out.", field="modules")
    conda = (prefix / "conda-meta").is_dir()
    inside = ("Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts") if conda else ()
    folders = [folder_of_programs(prefix), *(prefix / folder for folder in inside)]
    path = os.pathsep.join(literal(str(folder)) for folder in folders)
    env = {**offer.env, "PATH": f"{path}{os.pathsep}${{PATH}}"}
    if not recipe.user_site:
        env["PYTHONNOUSERSITE"] = "1"
    if conda:
        name = launch.environment_name(prefix)
        env |= {"CONDA_PREFIX": literal(str(prefix)), "CONDA_DEFAULT_ENV": literal(name)}
    else:
        env["VIRTUAL_ENV"] = literal(str(prefix))
    return argv, {**env, **{name: literal(value) for name, value in recipe.variables.items()}}


def _shipped(folder: Path) -> dict[str, bytes]:
    """The files beside a kernel.json that go with it, such as kernel.js and logos."""
    found: dict[str, bytes] = {}
    left = _SHIPPED_BYTES
    for file in sorted(folder.iterdir()):
        if file.name not in ("kernel.json", SCRIPT):
            with contextlib.suppress(OSError):
                found[file.name] = reading.read(file, left, within=folder)
                left -= len(found[file.name])
    return found


def _logos(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name.startswith("logo-")}


def current_logos(folder: Path | None) -> dict[str, bytes]:
    """The logos in a kernelspec folder."""
    found: dict[str, bytes] = {}
    if folder is None:
        return found
    for name in sorted(logo_names(folder))[:_MAX_LOGOS]:
        with contextlib.suppress(OSError):
            found[name] = reading.read(folder / name, _LOGO_BYTES, within=folder)
    return found


def logo_names(folder: Path) -> frozenset[str]:
    """The names of the logos in a kernelspec folder, be they files or links."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(
                entry.name
                for entry in entries
                if entry.name.startswith("logo-") and not entry.is_dir(follow_symlinks=False)
            )
    except OSError:
        return frozenset()


def logo_files(
    kept: object, wanted: Logo | None, display_name: str, shipped: Mapping[str, bytes], current: Path | None
) -> tuple[dict[str, bytes], Any]:
    """The logo files of a kernel, and how its recipe names them.

    Parameters
    ----------
    kept:
        What the recipe says so far.
    wanted:
        What was asked for now.
    shipped:
        The logos of the environment's own kernelspec, by file name.

    Raises
    ------
    Invalid
        An uploaded one cannot be used; the field is ``logo``.
    """
    from . import logos

    if isinstance(wanted, LogoUpload):
        spare = drawn_logo(display_name)
        return logos.uploaded(decoded(wanted), initials=spare.initials, color=spare.color), "uploaded"
    if kept == "uploaded" and wanted is None and (present := current_logos(current)):
        return present, "uploaded"
    if shipped and (kept == "shipped" if wanted is None else not isinstance(wanted, LogoInitials)):
        return dict(shipped), "shipped"
    if wanted is None and isinstance(kept, KernelLogo):
        drawn = kept
    else:
        drawn = drawn_logo(display_name, wanted if isinstance(wanted, LogoInitials) else None)
    return logos.generated(drawn.initials, drawn.color), drawn


def drawn_logo(display_name: str, wanted: LogoInitials | None = None) -> KernelLogo:
    """The letters and the colour that were asked for; what was not is made from the display name."""
    from . import logos

    initials, color = (wanted.initials, wanted.color) if wanted else (None, None)
    return KernelLogo(initials=initials or logos.initials_of(display_name), color=color or logos.color_of(display_name))


def decoded(upload: LogoUpload) -> bytes:
    """The picture in an upload; raises Invalid."""
    try:
        return base64.b64decode(upload.content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("The logo did not arrive whole.", hint="Choose the file again.", field="logo") from error
