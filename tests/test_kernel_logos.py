"""A kernel's logos: letters that tell kernels apart, and pictures of which nothing but the picture is kept."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from jupyter_envmanager.errors import Invalid
from jupyter_envmanager.kernels.logos import color_of, generated, initials_of, uploaded

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'
PNGS = {"logo-32x32.png": 32, "logo-64x64.png": 64}


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def opened(files: dict[str, bytes], name: str = "logo-64x64.png") -> Image.Image:
    image = Image.open(io.BytesIO(files[name]))
    image.load()
    return image


def refused(content: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        uploaded(content)
    assert caught.value.field == "logo"
    assert caught.value.hint
    return caught.value


def check_pngs(files: dict[str, bytes]) -> None:
    for name, size in PNGS.items():
        image = opened(files, name)
        assert (image.format, image.size, image.mode) == ("PNG", (size, size), "RGBA")


# Letters


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("HF Deep RL", "HDR"),
        ("stats", "St"),
        ("Python 3.11", "P11"),
        ("Python 3.12", "P12"),
        ("Python 3 (ipykernel)", "P3"),
        ("R 4.3", "R43"),
        ("py310", "P10"),
        ("Deep RL 2", "DR2"),
        ("ML 1", "ML1"),
        ("GPU", "GPU"),
        ("PyTorch", "PT"),
        ("(only brackets)", "OB"),
        ("数据分析", "数据"),
        ("ünïcode env", "ÜE"),
        ("my_env-two", "MET"),
        ("2024", "24"),
        ("x", "X"),
        ("😀", "?"),
        ("", "?"),
    ],
)
def test_letters_stand_for_a_name(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_a_colour_stays_and_is_read_on_light_and_dark() -> None:
    names = [f"environment {number}" for number in range(50)]
    colors = [color_of(name) for name in names]
    assert colors == [color_of(name) for name in names]
    assert len(set(colors)) == len(names)
    for color in colors:
        brightness = sum(int(color[at : at + 2], 16) for at in (1, 3, 5)) / 3
        assert 50 < brightness < 180
        assert b'fill="#ffffff"' in generated("A", color)["logo-svg.svg"]


@pytest.mark.parametrize(("color", "ink"), [("#000000", (255, 255, 255)), ("#FFEE58", (0, 0, 0))])
def test_letters_are_drawn_in_the_ink_that_is_read_best(color: str, ink: tuple[int, int, int]) -> None:
    files = generated("W", color)
    assert set(files) == {*PNGS, "logo-svg.svg"}
    check_pngs(files)
    pixels = opened(files).convert("RGBA")
    assert pixels.getpixel((0, 0)) == (0, 0, 0, 0)
    assert any(pixel[:3] == ink for _, pixel in pixels.getcolors(64 * 64) or [] if isinstance(pixel, tuple))
    drawing = ElementTree.fromstring(files["logo-svg.svg"])
    rect, text = drawing
    assert rect.get("fill") == color
    assert text.text == "W"


def test_two_names_make_two_pictures() -> None:
    one, two = (generated(initials_of(name), "#336699") for name in ("Python 3.11", "Python 3.12"))
    assert all(one[name] != two[name] for name in one)


@pytest.mark.parametrize("letters", ["<&>", "\"'", "数据", "עב", "😀"])
def test_letters_of_any_kind_are_text_and_nothing_else(letters: str) -> None:
    files = generated(letters, "#336699")
    check_pngs(files)
    drawing = ElementTree.fromstring(files["logo-svg.svg"])
    assert [element.tag.rpartition("}")[2] for element in drawing.iter()] == ["svg", "rect", "text"]
    assert drawing[1].text == letters


@pytest.mark.parametrize(
    ("letters", "color"),
    [
        *((letters, "#336699") for letters in ("", " ", "too long", "a\nb", "\ud800")),
        *(("A", color) for color in ("red", '#336699"/><script/>', "#336699\n")),
    ],
)
def test_what_is_no_logo_is_refused(letters: str, color: str) -> None:
    with pytest.raises(Invalid) as caught:
        generated(letters, color)
    assert caught.value.field == "logo"


# Pictures


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_keeps_its_aspect(kind: str) -> None:
    files = uploaded(encoded(Image.new("RGB", (200, 100), "#ff0000"), kind))
    assert set(files) == set(PNGS)
    check_pngs(files)
    image = opened(files)
    assert image.getbbox() == (0, 16, 64, 48)
    red, green, blue, alpha = image.getpixel((32, 32))  # type: ignore[misc]
    assert red > 240
    assert max(green, blue) < 15
    assert alpha == 255


def test_small_and_narrow_pictures_are_fine() -> None:
    assert opened(uploaded(encoded(Image.new("RGB", (1, 1), "#00ff00"), "PNG"))).getbbox() == (0, 0, 64, 64)
    check_pngs(uploaded(encoded(Image.new("L", (2048, 1), 255), "PNG")))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    values: dict[str, Any] = {"1": 1, "I;16": 0xC0C0, "LA": (192, 255), "RGB": (192,) * 3, "RGBA": (192, 192, 192, 255)}
    image = opened(uploaded(encoded(Image.new(mode, (8, 8), values.get(mode, 192)), "PNG")))
    grey = image.getpixel((32, 32))[0]  # type: ignore[index]
    assert grey == {"1": 255, "P": grey}.get(mode, 192)


def test_a_cmyk_photo_keeps_its_colours() -> None:
    content = encoded(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG")
    red, green, blue, _ = opened(uploaded(content)).getpixel((32, 32))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60


def test_a_photo_is_turned_as_its_camera_was() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    files = uploaded(encoded(Image.new("RGB", (100, 50), "blue"), "JPEG", exif=exif))
    assert opened(files).getbbox() == (16, 0, 48, 64)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ("#ff0000", "#00ff00", "#0000ff")]
    files = uploaded(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))
    image = opened(files)
    assert image.getpixel((32, 32))[0] > 240  # type: ignore[index]
    assert getattr(image, "n_frames", 1) == 1


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the memory")
def test_a_large_animation_costs_little_memory(tmp_path: Path) -> None:
    frames = [Image.new("P", (2048, 2048), color) for color in (1, 2)]
    (tmp_path / "a.gif").write_bytes(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    ask = (
        "import re, sys; from pathlib import Path; import PIL.Image, PIL.ImageOps, PIL.GifImagePlugin\n"
        "from jupyter_envmanager.kernels.logos import uploaded\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "before = peak(); uploaded(Path(sys.argv[1]).read_bytes()); print(peak() - before)"
    )
    command = [sys.executable, "-c", ask, str(tmp_path / "a.gif")]
    done = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[1])
    assert int(done.stdout) < 80_000


def test_a_transparent_colour_stays_transparent() -> None:
    image = Image.new("RGB", (600, 600), "#ff0000")
    image.paste("#00ff00", (0, 0, 300, 600))
    picture = opened(uploaded(encoded(image, "PNG", transparency=(255, 0, 0))))
    assert picture.getpixel((50, 32))[3] == 0  # type: ignore[index]
    assert picture.getpixel((10, 32)) == (0, 255, 0, 255)


def test_nothing_but_the_picture_is_kept() -> None:
    hidden = b"<script>alert(1)</script>PK\x03\x04"
    comment = encoded(Image.new("RGB", (9, 9)), "JPEG", comment=hidden)
    for content in (encoded(Image.new("RGB", (9, 9)), "PNG") + hidden, comment):
        assert all(b"script" not in file for file in uploaded(content).values())


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG whose header says what it likes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [2049, 12_000, 60_000, 2**31 - 1])
def test_a_picture_that_unpacks_to_gigabytes_is_refused_unread(side: int) -> None:
    assert "pixels" in refused(png_of(side, side, zlib.compress(bytes(1000)))).message


def test_what_is_too_many_bytes_is_refused() -> None:
    assert "MB" in refused(bytes(50_000_000)).message
    picture = encoded(Image.new("RGB", (9, 9)), "PNG")
    assert "MB" in refused(picture + bytes(2**20)).message


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_half_a_picture_is_broken(kind: str) -> None:
    content = encoded(Image.effect_noise((300, 300), 90), kind)
    for length in (len(content) // 2, 30, 12):
        assert "broken" in refused(content[:length]).message
    refused(content[:8])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\0" * 100,
        b"PK\x03\x04",
        b"%PDF-1.7",
        b"MZ",
        "ü".encode(),
        encoded(Image.new("L", (9, 9)), "BMP"),
    ],
    ids=["empty", "text", "zeros", "zip", "pdf", "program", "umlaut", "bmp"],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    assert "not a picture" in refused(content).message


def test_a_header_alone_makes_no_picture_of_another_kind() -> None:
    # A TIFF, EPS or whatever else Pillow reads gets no chance behind another kind's first bytes.
    refused(b"GIF89a" + b"%!PS-Adobe-3.0 EPSF-3.0\n")


# SVG


def test_a_drawing_is_kept() -> None:
    body = (
        '<title>A logo</title><defs><linearGradient id="g"><stop offset="0" stop-color="#f00"/></linearGradient></defs>'
        "<style>.a{fill:url(#g);stroke:#123}</style>"
        '<g class="a" transform="rotate(45)" style="fill-opacity:.5"><path d="M0 0L9 9" fill="url(#g)"/></g>'
        '<use xlink:href="#g"/><text x="1">Hi &amp; &lt;you&gt;</text>'
    )
    files = uploaded(SVG.format(body).encode(), initials="AB", color="#123456")
    check_pngs(files)
    drawing = ElementTree.fromstring(files["logo-svg.svg"])
    names = [element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in drawing.iter()]
    assert names == ["svg", "title", "defs", "linearGradient", "stop", "style", "g", "path", "use", "text"]
    assert drawing.get("viewBox") == "0 0 9 9"
    assert drawing[-1].text == "Hi & <you>"
    assert drawing[-2].get("href") == "#g"
    assert uploaded(files["logo-svg.svg"])["logo-svg.svg"] == files["logo-svg.svg"]


def test_what_drawing_programs_add_is_left_out() -> None:
    content = (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?><!-- Made by a program -->\n'
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"'
        ' xml:space="preserve" sodipodi:docname="a.svg" data-name="Layer 1" width="9" height="9">'
        '<sodipodi:namedview onload="x"/><metadata><rdf xmlns="urn:rdf"/></metadata><circle r="4"/></svg>'
    )
    cleaned = uploaded(content.encode())["logo-svg.svg"]
    assert cleaned == b'<svg width="9" height="9" xmlns="http://www.w3.org/2000/svg"><circle r="4" /></svg>\n'


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<script>alert(1)</script>", "script"),
        ('<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>', "script"),
        ('<script xmlns="">alert(1)</script>', "script"),
        ('<path onload="alert(1)"/>', "onload"),
        ('<path ONCLICK="alert(1)"/>', "ONCLICK"),
        ("<foreignObject><b/></foreignObject>", "foreignObject"),
        ('<image href="http://example.org/x.png"/>', "image"),
        ('<a href="#x"/>', "<a>"),
        ('<animate attributeName="href" to="javascript:alert(1)"/>', "animate"),
        ('<set attributeName="onclick" to="alert(1)"/>', "set"),
        ('<use href="http://example.org/x.svg#a"/>', "example.org"),
        ('<use xlink:href="data:image/svg+xml;base64,AAAA#a"/>', "data:"),
        ('<use href=" javascript:alert(1)"/>', "javascript"),
        ('<path fill="url(http://example.org/#a)"/>', "example.org"),
        ('<path fill="url( &quot;//example.org/#a&quot;)"/>', "example.org"),
        ('<path style="fill:url(x.svg#a)"/>', "style"),
        ('<path style="fill:u\\72l(x.svg#a)"/>', "style"),
        ("<style>@import 'http://example.org/x.css';</style>", "style"),
        ("<style>path{fill:URL(//example.org)}</style>", "style"),
        ("<style>@font-face{src:local(x)}</style>", "style"),
        ("<style><![CDATA[</style><script>alert(1)</script>]]></style>", "style"),
        ("<style>a{}<title/>@import url(https://evil/x.css);</style>", "style"),
        ("<style>a{}<title>@import url(https://evil/x.css);</title></style>", "style"),
        ("<style>a{fill:ur<g/>l(https://evil)}</style>", "style"),
        ("<style><title>a</title></style>", "style"),
        ("<path style=\"cursor:cross-fade('https://evil')\"/>", "style"),
        ("<path style=\"--a:'https://evil'\"/>", "style"),
        ('<path style="fill:element(#a)"/>', "style"),
        ('<path style="fill:paint(x)"/>', "style"),
        ("<style>a{b:attr(c)}</style>", "style"),
        ('<path mask="image-set(&quot;//example.org&quot; 1x)"/>', "mask"),
        ("<svg/>", "inside"),
        ("<iframe/>", "iframe"),
        ('<g id="a"><use href="#b"/></g><use href="#a"/>', "repeat"),
        ("<g>" * 100 + "</g>" * 100, "complicated"),
        ("<g/>" * 6000, "complicated"),
        ("<g>" * 20_000 + "</g>" * 20_000, "complicated"),
        ("<g>", "broken"),
    ],
)
def test_a_drawing_that_does_more_than_draw_is_refused(body: str, found: str) -> None:
    assert found in refused(SVG.format(body).encode()).message


def test_styles_that_only_draw_stay() -> None:
    body = (
        "<style>.a:not(.b) { fill: rgb(1, 2, 3); stroke: url(#g); /* plain */ }</style>"
        '<g transform="translate (1 2) rotate(4)"'
        ' style="fill:hsl(1,2%,3%);filter:drop-shadow(0 0 2px rgba(0,0,0,.5))"/>'
    )
    assert b"drop-shadow" in uploaded(SVG.format(body).encode())["logo-svg.svg"]
    # A megabyte of one word, or of parentheses, is looked at once.
    long = SVG.format(f'<path d="{"a" * 500_000}" points="{"rgb(" * 100_000}"/>')
    assert uploaded(long.encode())["logo-svg.svg"]


def test_entities_are_refused() -> None:
    for declared in ('<!ENTITY a "b">', '<!ENTITY a SYSTEM "file:///etc/passwd">', '<!ENTITY % a SYSTEM "x">'):
        content = f"<!DOCTYPE svg [{declared}]>" + SVG.format("<text>&a;</text>" if "%" not in declared else "")
        assert "entities" in refused(content.encode()).message


def test_xml_that_is_no_svg_is_refused() -> None:
    assert "no SVG" in refused(b"<html><script>alert(1)</script></html>").message
    assert "no SVG" in refused(b'<svg xmlns="urn:other"/>').message
    assert "broken" in refused(b"<!doctype html><p>").message
    assert "broken" in refused(b'<?xml version="1.0" encoding="no-such"?><svg/>').message


def test_a_script_in_another_encoding_is_seen() -> None:
    content = '<?xml version="1.0" encoding="UTF-16"?>' + SVG.format("<script/>")
    assert "script" in refused(content.encode("utf-16")).message
