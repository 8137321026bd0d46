"""Mails made to cost as much as a mail can: short lines by the million, nesting without end.

`python -m benchmarks.hostile SIZE [NAME…]` reads each kind at that size, one after the other, and
prints a JSON line of each: what it took of the processor and the largest this process was.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from forum.domain.headers import Headers
from forum.domain.language_model import load_model
from forum.domain.preparing import show, understand

NOW: Final = datetime(2024, 5, 18, 8, 0, tzinfo=UTC)
HEAD: Final = b"From: a@example.org\nSubject: x\nDate: Fri, 17 May 2024 12:29:58 +0200\n"
_ROOT: Final = Path(__file__).resolve().parent.parent
_STATUS: Final = Path("/proc/self/status")
_PEAK: Final = re.compile(r"^VmHWM:\s*(\d+) kB", re.M)
_PART: Final = 24_000
"""Bytes of each of the many parts of a multipart."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one mail took from its bytes to its HTML."""

    name: str
    bytes: int
    seconds: float
    """Of the processor."""
    megabytes: float
    """The largest that the process was meanwhile, all of Python included."""
    characters: int
    """Of the text that was read."""


def _filled(unit: bytes, size: int) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


def _line(start: bytes, unit: bytes) -> Callable[[int], bytes]:
    return lambda size: start + _filled(unit, size) + b"\n\n"


def _body(unit: str | bytes, fields: bytes = b"") -> Callable[[int], bytes]:
    encoded = unit.encode() if isinstance(unit, str) else unit
    return lambda size: HEAD + fields + b"\n" + _filled(encoded, size)


def _html(unit: bytes) -> Callable[[int], bytes]:
    return _body(unit, b"Content-Type: text/html\n")


def _multipart(kind: bytes, head: bytes, unit: bytes) -> Callable[[int], bytes]:
    top = HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\n\n"
    return lambda size: top + (b"--b\n" + head + _filled(unit, _PART) + b"\n") * (size // _PART)


_MIXED: Final = b"Content-Type: multipart/mixed; boundary=a\n"

KINDS: Final[dict[str, Callable[[int], bytes]]] = {
    "short lines": _body("a\n"),
    "empty lines": lambda size: _filled(b"\r\n", size),
    "carriage returns": lambda size: _filled(b"\r", size),
    "headers": lambda size: _filled(b"a: b\n", size),
    "one header": _line(b"Subject: ", b"x"),
    "folds": _line(HEAD + b"X: a", b"\n "),
    "no headers": lambda size: _filled(b"no header here\n", size),
    "encoded words": _line(b"Subject: ", b"=?utf-8?q?a?= "),
    "open encoded words": _line(b"Subject: ", b"=?utf-8?q?"),
    "addresses": _line(b"To: ", b'"a" <b@c>,'),
    "identifiers": _line(b"References: ", b"<a@b> <c "),
    "parentheses": lambda size: b"From: " + _filled(b"(", size // 20) + b"\nDate: "
    + _filled(b"(", size) + b"\n\n",
    "parameters": _line(b"Content-Type: text/plain; ", b"a*1=b "),
    "boundaries": _body("--a\n\n", _MIXED),
    "false boundaries": _body("--ab\n", _MIXED),
    "nested multiparts": lambda size: HEAD + _filled(_MIXED + b"\n--a\n", size),
    "nested HTML": _html(b"<div>"),
    "nested quotations": _html(b"<blockquote>a"),
    "HTML comments": _html(b"<!--"),
    "HTML paragraphs": _html(b"<p>x"),
    "open tags": _html(b"<p a=\"b' "),
    "footers": _body("----------\na\n"),
    "enriched": _body("<param>", b"Content-Type: text/enriched\n"),
    "uuencoded": _body("begin 644 a\nM\n`\nend\n"),
    "flowed": _body("> \n>> \n", b"Content-Type: text/plain; format=flowed\n"),
    "mojibake": _body("Ã© Ž\n"),
    "HTML parts": _multipart(b"mixed", b"Content-Type: text/html\n\n", b"<p>x"),
    "unlabelled parts": _multipart(b"mixed", b"\n", b"\xe9a"),
    "empty alternatives": _multipart(b"alternative", b"\n", b"\n"),
    "forwards": _multipart(b"digest", b"\n" + HEAD + b"\n", b"hello\n"),
    "an attachment": _body(
        "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\n",
        b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n",
    ),
    "quotations": _body("> a\n"),
    "quotation marks": _body("> "),
    "answers in between": _body("a\n> b\n"),
    "initials": _body("JD> a\nb\n"),
    "attributions": _body("Le 3 mars a écrit :\n"),
    "unending attribution": _body("Le 3 mars, a écrit : "),
    "header blocks": _body("De : a\nEnvoyé : b\nÀ : c\n\n"),
    "signatures": _body("-- \nJean\n\nCordialement,\n"),
    "languages": _body("le chat est là\n\nthe cat is here\n\nel gato es mío\n\n"),
    "links": _body("https://example.org/a b@example.org "),
    "Markdown brackets": _body("[[a](b ", b"Content-Type: text/markdown\n"),
    "Markdown lists": _body(" - a\n   - *b\n", b"Content-Type: text/markdown\n"),
    "code fences": _body("```\n", b"Content-Type: text/markdown\n"),
}  # fmt: skip
"""Each makes a mail of so many bytes."""


def measure(size: int, names: Sequence[str] = ()) -> list[Cost]:
    """What each kind costs at that size, in a process of its own."""
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks.hostile", str(size), *names),
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [Cost(**json.loads(line)) for line in done.stdout.splitlines()]


def _costs(size: int, names: Sequence[str]) -> Iterator[Cost]:
    load_model()
    for name in names or KINDS:
        raw = KINDS[name](size)
        _forget_peak()
        began = time.process_time()
        understood = understand(raw, NOW, level=3)
        Headers.of(raw)
        text = understood.submission.text
        show(text, understood.submission.text_format, None, None)
        seconds = time.process_time() - began
        yield Cost(name, len(raw), round(seconds, 3), _peak(), len(text))


def _forget_peak() -> None:
    """Let the largest size be that from now on; elsewhere than on Linux it is that of before."""
    if _STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    found = _PEAK.search(_STATUS.read_text()) if _STATUS.exists() else None
    kilobytes = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / 1000, 1)


def main() -> None:
    """Print the cost of each kind."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("size", type=int, help="bytes of each mail")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(KINDS))
    wanted = parser.parse_args()
    for cost in _costs(wanted.size, wanted.names):
        print(json.dumps(asdict(cost)), flush=True)


if __name__ == "__main__":
    main()
