"""A process of its own that makes one small picture: a hostile file can harm nothing but it.

Reads the file from standard input; writes `WIDTH HEIGHT` and a line end, then WebP; ends with 1
where there is no picture to be made.
"""

from __future__ import annotations

import resource
import sys
from typing import Final

from forum.domain.pictures import LARGEST_FILE, thumbnail

MEMORY: Final = 1_000_000_000
"""Bytes of addresses: a picture of the most pixels, twice, and the program itself."""
SECONDS: Final = 10
"""Of processor time."""


def main() -> int:
    """Make the picture; gives the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    made = thumbnail(sys.stdin.buffer.read(LARGEST_FILE + 1))
    if made is None:
        return 1
    sys.stdout.buffer.write(b"%d %d\n" % (made.width, made.height) + made.webp)
    return 0


if __name__ == "__main__":
    sys.exit(main())
