"""From a kernel and what is wanted of it to its files: after our own way, after a template, or as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..environments import environment_id
from ..errors import Invalid
from ..models import Environment, KernelEdit, Logo
from . import adopting, building, kernelspec, offering, plain, recipe, templates
from .building import Files
from .kernelspec import Spec
from .recipe import AS_IT_IS, Recipe
from .templates import Template

__all__ = ["Files", "as_it_is", "beside_others", "files", "for_copy", "for_environment", "is_ours", "with_edit"]


def is_ours(spec: Spec) -> bool:
    """Whether a spec is written by us from its recipe; others are changed field by field."""
    return bool(spec.stamp) and not spec.fault and recipe.of(spec).built_in


def files(
    made: Recipe,
    name: str,
    display_name: str,
    known: Sequence[Template],
    *,
    logo: Logo | None = None,
    current: Spec | None = None,
) -> Files:
    """The files of a kernel.

    Parameters
    ----------
    name:
        The kernel's.
    known:
        The templates that there are.
    logo:
        A logo that was asked for.
    current:
        The kernel as it is, whose uploaded logo stays.

    Raises
    ------
    Invalid, NotFound
    """
    folder = current.folder if current else None
    if made.built_in:
        return building.build(made, display_name, logo=logo, current=folder)
    for field, value in (("modules", made.modules), ("user_site", made.user_site)):
        if value:
            raise Invalid(
                f"The kernel template “{made.template}” is used as it is.",
                hint="Use the built-in template for environment modules and packages of ~/.local.",
                field=field,
            )
    template = templates.named(known, made.template)
    content, others = templates.fill(template, prefix=Path(made.prefix), name=name, display_name=display_name)
    own = {file: others.pop(file) for file in [*others] if file.startswith("logo-")}
    kept = made.logo or ("shipped" if own else None)
    logos, drawn = building.logo_files(kept, logo, display_name, own, folder)
    content["env"] = {**content["env"], **made.variables}
    content["argv"] = [*content["argv"], *made.arguments]
    stamp = replace(made, logo=drawn).stamp()
    return Files(content={**others, **logos, "kernel.json": building.text_of(plain.stamped(content, stamp))})


def requested(made: Recipe) -> Recipe:
    """A recipe as it was asked for; after a template, its variables stand in a kernel.json, where ``$`` is special."""
    if made.built_in:
        return made
    return replace(made, variables={name: kernelspec.literal(value) for name, value in made.variables.items()})


def with_edit(made: Recipe, edit: KernelEdit, old_name: str, new_name: str) -> Recipe:
    """A recipe after an edit; a logo that was drawn from the display name follows it."""
    follows = old_name != new_name and made.logo == building.drawn_logo(old_name)
    return replace(
        made,
        variables=made.variables if edit.variables is None else recipe.checked_variables(edit.variables),
        modules=made.modules if edit.modules is None else recipe.checked_modules(edit.modules),
        arguments=made.arguments if edit.arguments is None else recipe.checked_arguments(edit.arguments),
        user_site=made.user_site if edit.user_site is None else edit.user_site,
        logo=None if follows else made.logo,
    )


def for_environment(spec: Spec, environment: Environment) -> Recipe:
    """The recipe that makes a spec a kernel of an environment again."""
    prefix = Path(environment.prefix)
    if not spec.stamp or recipe.of(spec).template == AS_IT_IS:
        return adopting.adopted(spec, environment.id, prefix)
    made = recipe.of(spec)
    offered = {offer.name for offer in offering.specs(prefix)}
    return replace(
        made,
        environment=environment.id,
        prefix=str(prefix),
        source=made.source if made.source in offered else None,
    )


def for_copy(spec: Spec, display_name: str) -> Recipe | None:
    """The recipe of a copy; None where the folder must be copied as it is."""
    if spec.fault:
        raise Invalid(f"It cannot be copied: {spec.fault}", hint="Write it anew, or remove it.")
    if is_ours(spec):
        return with_edit(recipe.of(spec), KernelEdit(), spec.display_name, display_name)
    if spec.stamp or adopting.script_of(spec) is None:
        return None
    prefix = adopting.environment_of(spec)
    return adopting.adopted(spec, environment_id(prefix), prefix) if prefix else None


def as_it_is(spec: Spec, display_name: str) -> Files:
    """What changes in a copy of the folder: its name, and that it is ours now."""
    content = {**plain.led_to_itself(plain.raw(spec), spec.folder), "display_name": display_name}
    prefix = adopting.environment_of(spec)
    stamp = (
        spec.stamp
        or Recipe(
            environment=environment_id(prefix) if prefix else "",
            prefix=str(prefix) if prefix else "",
            template=AS_IT_IS,
            logo="uploaded" if building.current_logos(spec.folder) else None,
        ).stamp()
    )
    return Files(content={"kernel.json": building.text_of(plain.stamped(content, stamp))})


def beside_others(made: Files, folder: Path) -> Files:
    """The files of a kernel in a folder that somebody else has made: what is no logo of it stays."""
    return Files(content=made.content, keep=True, drop=building.logo_names(folder))
