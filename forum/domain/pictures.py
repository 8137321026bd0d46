"""Small pictures of large ones, made by us: what a page shows before somebody asks for the file."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

PICTURE_TYPES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""Media types, and the formats looked for, whatever a file calls itself."""
FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")
LARGEST_FILE: Final = 25_000_000
"""Bytes."""
MOST_PIXELS: Final = 40_000_000
"""Before decoding: a small file can say that it is a large picture (a decompression bomb)."""
WIDEST: Final = 480
HIGHEST: Final = 360
QUALITY: Final = 72


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture."""

    width: int
    """Pixels."""
    height: int
    webp: bytes


def thumbnail(content: bytes) -> Thumbnail | None:
    """A small picture of a file, or None where it is none of ours, damaged or too large.

    The first picture of a moving one, turned as its camera says. Nothing of what a file tells
    beside the picture (place, camera, names) is kept.

    Args:
        content: The file, of any kind.
    """
    if len(content) > LARGEST_FILE:
        return None
    try:
        with warnings.catch_warnings():
            # What Pillow warns of is refused here or harmless.
            warnings.simplefilter("ignore")
            return _made(content)
    # Damaged files end Pillow's decoders in many ways.
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError, KeyError):
        return None
    except (Image.DecompressionBombError, IndexError, TypeError, ZeroDivisionError):
        return None


def _made(content: bytes) -> Thumbnail | None:
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        if not 0 < picture.width * picture.height <= MOST_PIXELS:
            return None
        # JPEG can be decoded at a half, a quarter or an eighth of its size.
        picture.draft("RGB", (WIDEST, HIGHEST))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        small = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    small.thumbnail((WIDEST, HIGHEST))
    stream = io.BytesIO()
    # Pixels alone: a new picture carries no EXIF, profile or comment of the old one.
    bare = Image.new(small.mode, small.size)
    bare.paste(small)
    bare.save(stream, "WEBP", quality=QUALITY, method=4)
    return Thumbnail(bare.width, bare.height, stream.getvalue())
