"""Small pictures of large ones."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from forum.domain import pictures
from forum.domain.pictures import HIGHEST, WIDEST, thumbnail

BLUE = (20, 60, 200)
ORIENTATION, MAKER, LATITUDE = 0x0112, 0x010F, 0x8825


def picture(width: int = 1200, height: int = 600, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), BLUE).save(stream, form, **options)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_large_picture_becomes_a_small_one(form: str) -> None:
    made = thumbnail(picture(form=form))
    assert made is not None
    assert (made.width, made.height) == (WIDEST, WIDEST // 2)
    with Image.open(io.BytesIO(made.webp)) as shown:
        assert (shown.format, shown.size) == ("WEBP", (made.width, made.height))
        found = shown.convert("RGB").getpixel((10, 10))
    assert isinstance(found, tuple)
    assert all(abs(one - wanted) < 12 for one, wanted in zip(found, BLUE, strict=True))


def test_a_small_picture_is_not_made_larger() -> None:
    made = thumbnail(picture(80, 20))
    assert made is not None
    assert (made.width, made.height) == (80, 20)


def test_a_high_picture_fits_too() -> None:
    made = thumbnail(picture(100, 5000))
    assert made is not None
    assert made.height == HIGHEST


def test_it_is_turned_as_the_camera_says_and_nothing_else_is_kept_of_what_it_says() -> None:
    told = Image.Exif()
    told[ORIENTATION], told[MAKER] = 6, "A camera of Awa's"
    told.get_ifd(LATITUDE)[1] = "N"
    made = thumbnail(picture(form="JPEG", exif=told, comment=b"Awa"))
    assert made is not None
    assert made.height > made.width
    assert b"Awa" not in made.webp
    with Image.open(io.BytesIO(made.webp)) as shown:
        assert not shown.getexif()
        assert "icc_profile" not in shown.info


def test_what_shines_through_stays_so() -> None:
    stream = io.BytesIO()
    Image.new("RGBA", (60, 60), (0, 0, 0, 0)).save(stream, "PNG")
    made = thumbnail(stream.getvalue())
    assert made is not None
    with Image.open(io.BytesIO(made.webp)) as shown:
        assert shown.mode == "RGBA"
        assert shown.getpixel((30, 30))[3] == 0


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 100_000
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    assert thumbnail(bomb) is None
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100)
    assert thumbnail(picture(11, 10)) is None
    assert thumbnail(picture(10, 10)) is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        picture()[:200],
        picture(form="JPEG")[:300],
        b"GIF89a" + b"\xff" * 40,
        picture(form="TIFF"),
        picture(form="BMP"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    ],
)
def test_what_is_damaged_or_of_another_kind_has_no_picture(content: bytes) -> None:
    assert thumbnail(content) is None


def test_too_many_bytes_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = picture(form="BMP")
    monkeypatch.setattr(pictures, "LARGEST_FILE", len(content) - 1)
    monkeypatch.setattr(pictures, "FORMATS", ("BMP",))
    assert thumbnail(content) is None
    monkeypatch.setattr(pictures, "LARGEST_FILE", len(content))
    assert thumbnail(content) is not None
