"""Which SVG may be a logo? One that only draws: https://www.w3.org/TR/SVG11/, without all that runs or loads.

A browser that opens an SVG from the Jupyter server runs its scripts with the rights of the page. So nothing is taken
out of a file: it is written anew from a list of elements and attributes, and refused when it holds anything else. What
drawing programs add in namespaces of their own means nothing to a browser, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ..errors import Invalid

NAMESPACE = "http://www.w3.org/2000/svg"
_XHTML = "http://www.w3.org/1999/xhtml"
_XLINK = "http://www.w3.org/1999/xlink"
_MAX_ELEMENTS = 5000
_MAX_DEPTH = 64
_ELEMENT_NAMES = (
    "svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan linearGradient"
    " radialGradient stop pattern clipPath mask marker style filter feBlend feColorMatrix feComposite feFlood"
    " feGaussianBlur feMerge feMergeNode feOffset feDropShadow"
)
_LEFT_OUT = frozenset(["metadata"])
_ATTRIBUTE_NAMES = (
    "alignment-baseline amplitude baseProfile baseline-shift class clip clip-path clip-rule clipPathUnits color"
    " color-interpolation color-interpolation-filters cx cy d direction display dominant-baseline dx dy"
    " enable-background exponent fill fill-opacity fill-rule filter filterUnits flood-color flood-opacity font-family"
    " font-size font-stretch font-style font-variant font-weight fr fx fy gradientTransform gradientUnits height id in"
    " in2 isolation k1 k2 k3 k4 lengthAdjust letter-spacing marker-end marker-mid marker-start markerHeight markerUnits"
    " markerWidth mask maskContentUnits maskUnits mix-blend-mode mode offset opacity operator order orient overflow"
    " paint-order patternContentUnits patternTransform patternUnits points preserveAspectRatio primitiveUnits r refX"
    " refY result rotate rx ry shape-rendering spreadMethod stdDeviation stop-color stop-opacity stroke"
    " stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width"
    " style text-anchor text-decoration text-rendering textLength transform transform-origin type values vector-effect"
    " version viewBox visibility width word-spacing writing-mode x x1 x2 y y1 y2 zoomAndPan"
)
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_IGNORED = re.compile(r"data-.*|aria-.*|role|tabindex|lang|focusable")
_LOCAL_URL = re.compile(r"url\(\s*(['\"]?)#[\w.:-]+\1\s*\)")
_LOADS = re.compile(r"url|image|src|import|@|\\|//|data:|expression|javascript|binding|behavior|<|&", re.IGNORECASE)
_NAME = re.compile(r"[^\s(),;:+*/'\"{}]*\Z")
_MAX_NAME = 40
# What may be called in a style or a value: it computes or draws, and loads nothing.
_FUNCTION_NAMES = (
    "rgb rgba hsl hsla hwb lab lch oklab oklch color icc-color var calc min max clamp matrix matrix3d translate"
    " translatex translatey translate3d scale scalex scaley scale3d rotate rotate3d rotatex rotatey rotatez skew skewx"
    " skewy perspective blur brightness contrast drop-shadow grayscale hue-rotate invert opacity saturate sepia circle"
    " ellipse inset polygon path rect not is where nth-child nth-last-child nth-of-type"
)
_FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_START = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<[?!A-Za-z]")


def looks_like(content: bytes) -> bool:
    """Whether a file is some XML, and so perhaps an SVG."""
    return bool(_START.match(content)) or content[:2] in (b"\xff\xfe", b"\xfe\xff")


def cleaned(content: bytes) -> bytes:
    """An SVG written anew, with what may be in it and no more.

    Raises
    ------
    Invalid
        It is no SVG, or holds something that does more than draw; the message says what.
    """
    root = _parsed(content)
    if root.tag != f"{{{NAMESPACE}}}svg":
        _refuse("This is XML, but no SVG picture.")
    for count, (element, depth) in enumerate(_walk(root), 1):
        if depth > _MAX_DEPTH or count > _MAX_ELEMENTS:
            _refuse("This SVG picture is too complicated for a logo.")
        if depth and element.tag == f"{{{NAMESPACE}}}svg":
            _refuse("This SVG picture has another one inside.")
    made = _copy(root)
    assert made is not None
    _check_references(made)
    made.set("xmlns", NAMESPACE)
    text: bytes = ElementTree.tostring(made, encoding="utf-8")
    return text + b"\n"


def _refuse(message: str, cause: Exception | None = None) -> NoReturn:
    raise Invalid(
        message, hint="Save it as a plain SVG without scripts, links and embedded pictures, or use a PNG.", field="logo"
    ) from cause


def _parsed(content: bytes) -> Element:
    from defusedxml import ElementTree as SafeTree
    from defusedxml.common import DefusedXmlException

    try:
        root: Element = SafeTree.fromstring(content, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        _refuse("This SVG picture declares entities, which a logo may not.", error)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        _refuse(f"This SVG picture is broken: {error}.", error)
    return root


def _walk(root: Element) -> Iterator[tuple[Element, int]]:
    """Every element and its depth, without recursion: a hostile file is as deep as it likes."""
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        yield element, depth
        waiting += [(child, depth + 1) for child in element]


def _split(name: str) -> tuple[str, str]:
    """Namespace and local name."""
    space, _, local = name.rpartition("}")
    return space[1:], local


def _copy(element: Element) -> Element | None:
    """An element with what may be in it; None for what is left out."""
    space, name = _split(element.tag)
    if space not in (NAMESPACE, _XHTML, ""):
        return None
    if space == NAMESPACE and name in _LEFT_OUT:
        return None
    if space != NAMESPACE or name not in _ELEMENTS:
        _refuse(f"This SVG picture holds an element <{name}>, which a logo may not.")
    made = Element(name)
    for key, value in element.attrib.items():
        _attribute(made, key, value)
    made.text, made.tail = element.text, element.tail
    # A browser reads all text in it, around other elements as well.
    if name == "style" and (len(element) or _loads("".join(element.itertext()))):
        _refuse("This SVG picture has a <style> that loads something, or holds other elements.")
    for child in element:
        copied = _copy(child)
        if copied is not None:
            made.append(copied)
    return made


def _attribute(made: Element, key: str, value: str) -> None:
    space, name = _split(key)
    if name == "href" and space in ("", _XLINK):
        if not value.strip().startswith("#"):
            _refuse(f"This SVG picture links to something else: {value[:80]}")
        made.set("href", value.strip())
        return
    if space or _IGNORED.fullmatch(name):
        return
    if name not in _ATTRIBUTES:
        _refuse(f"This SVG picture has an attribute “{name}” in <{made.tag}>, which a logo may not.")
    if _loads(value):
        _refuse(f"This SVG picture loads something: {name}={value[:80]}")
    made.set(name, value)


def _loads(text: str) -> bool:
    """Whether a value or a style sheet may make a browser load or run something."""
    rest = _LOCAL_URL.sub(" ", text)
    return bool(_LOADS.search(rest)) or any(name and name not in _FUNCTIONS for name in _called(rest))


def _called(text: str) -> Iterator[str]:
    """The names before parentheses. Only the end of what is before each is searched: a value may be a megabyte."""
    for before in text.split("(")[:-1]:
        match = _NAME.search(before.rstrip()[-_MAX_NAME:])
        yield match[0].lower() if match else ""


def _check_references(root: Element) -> None:
    """A few elements that use each other draw without end."""
    elements = {element.get("id"): element for element in root.iter() if element.get("id")}
    for use in root.iter("use"):
        target = elements.get((use.get("href") or "")[1:])
        if target is not None and next(target.iter("use"), None) is not None:
            _refuse("This SVG picture repeats parts that repeat parts.")
