"""Requests to make, change, copy and move a kernelspec."""

from __future__ import annotations

from typing import Literal

from .wire import Request


class LogoUpload(Request, frozen=True, kw_only=True, tag_field="type", tag="upload"):
    """A picture for a kernel: ``content`` is a PNG, JPEG, GIF, WebP or SVG file in base64."""

    content: str


class LogoInitials(Request, frozen=True, kw_only=True, tag_field="type", tag="initials"):
    """Letters on a colour; without either, they are made from the display name."""

    initials: str | None = None
    color: str | None = None


class LogoShipped(Request, frozen=True, kw_only=True, tag_field="type", tag="shipped"):
    """The logo that comes with the environment's kernel, where it has one."""


Logo = LogoUpload | LogoInitials | LogoShipped


class NewKernel(Request, frozen=True, kw_only=True):
    """A request to register a kernel for an environment, by id.

    ``source`` picks one of its `KernelOffers`; ``template`` the template to use.
    """

    environment: str
    display_name: str | None = None
    name: str | None = None
    source: str | None = None
    template: str = ""
    variables: dict[str, str] = {}
    modules: list[str] = []
    arguments: list[str] = []
    user_site: bool = False
    logo: Logo | None = None


class KernelEdit(Request, frozen=True, kw_only=True):
    """A change to a kernelspec; what is None stays.

    ``version`` is that of the `KernelSettings` it was made from: another one is refused. None changes any.
    """

    display_name: str | None = None
    variables: dict[str, str] | None = None
    modules: list[str] | None = None
    arguments: list[str] | None = None
    user_site: bool | None = None
    logo: Logo | None = None
    version: str | None = None


class KernelCopy(Request, frozen=True, kw_only=True):
    """A request for a copy of a kernelspec."""

    display_name: str | None = None
    name: str | None = None


class KernelMove(Request, frozen=True, kw_only=True):
    """A request to move a kernelspec."""

    to: Literal["me", "group"]
