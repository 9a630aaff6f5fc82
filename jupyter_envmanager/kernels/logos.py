"""What does a kernel look like? Its logos: generated from letters, or made of a picture that somebody uploads.

A kernelspec's logos are ``logo-32x32.png``, ``logo-64x64.png`` and ``logo-svg.svg``
(https://jupyter-client.readthedocs.io/en/latest/kernels.html#kernel-specs). Whoever sees the kernel gets these files
from the Jupyter server, so a picture is never passed on as it came: bitmaps are encoded anew, SVGs written anew from a
list of what may be in them.
"""

from __future__ import annotations

import colorsys
import hashlib
import io
import re
import unicodedata
import warnings
from html import escape
from typing import TYPE_CHECKING, Any

from ..errors import Invalid
from . import svg

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 1 << 20
MAX_SIDE = 2048
# Enough for the largest logo, and little to work on.
_WORKING_SIDE = 256
_SIZES = (32, 64)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_NEUTRAL = "#5f6b7a"
_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG"),
    (re.compile(rb"\xff\xd8\xff"), "JPEG"),
    (re.compile(rb"GIF8[79]a"), "GIF"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "WEBP"),
)
_WORD = re.compile(r"\d+(?:\.\d+)*|[^\W\d_]+")
_HINT = "Use a PNG, JPEG, GIF, WebP or SVG picture of at most 1 MB."


def initials_of(display_name: str) -> str:
    """One to three letters that stand for a display name.

    The first letters of its words; of a single word, the first two. A version goes in with its last two digits, so
    that “Python 3.11” (P11) and “Python 3.12” (P12) can be told apart.
    """
    plain = unicodedata.normalize("NFC", display_name)
    words = _WORD.findall(re.sub(r"\([^()]*\)", " ", plain)) or _WORD.findall(plain)
    letters = [word for word in words if not word[0].isdigit()]
    digits = next((_digits(word) for word in words if word[0].isdigit()), "")
    room = 3 - len(digits)
    if len(letters) == 1:
        return _of_one(letters[0], min(room, 1 if digits and not letters[0].isupper() else 3)) + digits
    return "".join(word[0].upper() for word in letters)[:room] + digits or "?"


def _digits(version: str) -> str:
    """The last two digits of major and minor: “3.11” is 11, “4.3” is 43."""
    return "".join(version.split(".")[:2])[-2:]


def _of_one(word: str, room: int) -> str:
    if word.isupper():
        return word[:room]
    inner = "".join(letter for letter in word[1:] if letter.isupper())
    return (word[0].upper() + (inner or word[1:2].lower()))[: min(room, 2)]


def color_of(text: str) -> str:
    """A colour (``#rrggbb``) that a text always gets: white letters are read well on it (contrast 4.5 or more), and it
    stands out from a light and from a dark page."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    hue, saturation = int.from_bytes(digest[:4], "big") / 2**32, 0.5 + digest[4] / 255 * 0.2
    # Green is bright and blue is dark at one lightness: the lightest that will do is taken.
    for lightness in range(50, 20, -1):
        red, green, blue = colorsys.hls_to_rgb(hue, lightness / 100, saturation)
        color = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
        if 1.05 / (_luminance(color) + 0.05) >= 4.6:
            break
    return color


def generated(initials: str, color: str) -> dict[str, bytes]:
    """The three logo files of a few letters on a rounded square.

    Parameters
    ----------
    initials:
        One to four characters of any script. A PNG shows what Pillow's font has.
    color:
        ``#rrggbb``; the letters are white or black, whichever is read better on it.

    Raises
    ------
    Invalid
        The colour is none, or there are no letters, or too many.
    """
    letters = unicodedata.normalize("NFC", initials).strip()
    if not 0 < len(letters) <= 4 or not letters.isprintable():
        raise Invalid("A logo has one to four letters.", hint="Choose fewer letters.", field="logo")
    if not _COLOR.fullmatch(color):
        raise Invalid(f"“{color}” is no colour.", hint="Write it as #rrggbb, such as #1976d2.", field="logo")
    ink = _ink(color)
    files = {f"logo-{size}x{size}.png": _png(_drawn(letters, color, ink, size)) for size in _SIZES}
    return {**files, "logo-svg.svg": _vector(letters, color, ink)}


def _luminance(color: str) -> float:
    """Relative luminance (https://www.w3.org/TR/WCAG21/#dfn-relative-luminance)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _ink(color: str) -> str:
    """White or black, by contrast."""
    luminance = _luminance(color)
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"


def _vector(letters: str, color: str, ink: str) -> bytes:
    wide = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in letters)
    size = {1: 38, 2: 32, 3: 25}.get(wide, max(10, 78 // wide))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">'
        f'<rect x="2" y="2" width="60" height="60" rx="12" fill="{color}"/>'
        f'<text x="32" y="33" text-anchor="middle" dominant-baseline="central" font-family="sans-serif" '
        f'font-weight="600" font-size="{size}" fill="{ink}">{escape(letters)}</text></svg>\n'
    ).encode()


def _drawn(letters: str, color: str, ink: str, size: int) -> Image:
    from PIL import Image, ImageDraw, ImageFont

    # Drawn four times as large: Pillow's rounded corners have no smooth edges.
    side = size * 4
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    edge = side // 32
    draw.rounded_rectangle((edge, edge, side - edge - 1, side - edge - 1), radius=side * 12 // 64, fill=color)
    points = side * 0.6
    left, top, right, bottom = draw.textbbox((0, 0), letters, font=ImageFont.load_default(points))
    points *= min(1.0, 0.76 * side / max(right - left, 1), 0.6 * side / max(bottom - top, 1))
    font = ImageFont.load_default(points)
    draw.text(
        (side / 2, side / 2), letters, fill=ink, font=font, anchor="mm", stroke_width=side // 128, stroke_fill=ink
    )
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _png(image: Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def uploaded(content: bytes, *, initials: str = "?", color: str = _NEUTRAL) -> dict[str, bytes]:
    """The logo files made of a picture; they replace all three, so a bitmap leaves a kernel without ``logo-svg.svg``.

    A bitmap keeps its aspect, with transparent edges; of an animation, the first picture is taken.

    Parameters
    ----------
    content:
        A PNG, JPEG, GIF, WebP or SVG file, told apart by its content.
    initials, color:
        For the bitmaps beside an SVG, which nothing here can draw; what shows SVGs never shows them.

    Raises
    ------
    Invalid
        It is no such picture, a broken or a too large one, or an SVG that does more than draw.
    """
    if len(content) > MAX_BYTES:
        raise Invalid(f"The picture has {len(content) / 1e6:.1f} MB, more than 1 MB.", hint=_HINT, field="logo")
    for magic, kind in _MAGIC:
        if magic.match(content):
            picture = _decoded(content, kind)
            return {f"logo-{size}x{size}.png": _png(_fitted(picture, size)) for size in _SIZES}
    if svg.looks_like(content):
        return {**generated(initials, color), "logo-svg.svg": svg.cleaned(content)}
    raise Invalid("This is not a picture.", hint=_HINT, field="logo")


def _decoded(content: bytes, kind: str) -> Image:
    """The picture as RGBA. Its size is known before anything is decoded, so none can be a decompression bomb."""
    from PIL import Image, ImageOps

    broken = Invalid(f"This {kind} picture is broken.", hint="Save it again with a picture editor.", field="logo")
    try:
        with warnings.catch_warnings():
            # Pillow's own limits are warnings first. Ours are stricter.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=[kind]) as image:
                if max(image.size) > MAX_SIDE or min(image.size) < 1:
                    raise _too_large(image.size)
                small = _reducible(image)
                small.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.LANCZOS)
                return ImageOps.exif_transpose(small).convert("RGBA")
    except Image.DecompressionBombError as error:
        raise _too_large(None) from error
    except Invalid:
        raise
    except Exception as error:  # a broken file makes Pillow raise nearly anything
        raise broken from error


def _too_large(size: tuple[int, int] | None) -> Invalid:
    text = f"is {size[0]} × {size[1]} pixels large" if size else "has far too many pixels"
    return Invalid(f"The picture {text}; at most {MAX_SIDE} a side are allowed.", hint="Make it smaller.", field="logo")


def _reducible(image: Image) -> Image:
    """A picture whose pixels can be averaged.

    A greyscale one of 16 or 32 bits in 8: converting alone would cut off all that is not black.
    """
    if not image.mode.startswith(("I", "F")):
        colored = image.mode in ("1", "P", "PA") or "transparency" in image.info
        return image.convert("RGBA") if colored else image
    from PIL import Image as pillow  # noqa: N813

    values: Any = image.convert("F")
    return pillow.eval(values, lambda value: value * (1 / 256)).convert("L")


def _fitted(picture: Image, size: int) -> Image:
    from PIL import Image

    scale = size / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    fitted = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    fitted.paste(small, ((size - width) // 2, (size - height) // 2))
    return fitted
