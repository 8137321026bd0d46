"""Messages parsed, cut into segments and tagged with their languages, in one process.

Mails of 4 kB: nine in ten plain text in the transfer encodings and charsets of real archives,
one in twenty of HTML alone, one in twenty with HTML beside. Processor time, the best of three
rounds: other work on the machine does not count. Beside: the standard library's compat32 parser,
which only takes the structure apart. The worst single mails (`hostile`), a process for all of
them, with its size.
"""

from __future__ import annotations

import email
import quopri
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from benchmarks import generator, hostile
from benchmarks.figure import Figure, ratio
from forum.domain.body import segment
from forum.domain.language import tag_languages
from forum.domain.language_model import load_model
from forum.domain.message import parse
from forum.domain.values import Segment, Submission

MAILS: Final = {"tiny": 20, "quick": 500, "usual": 1_500, "full": 4_000}
ROUNDS: Final = 3
WORST_BYTES: Final = {"tiny": 20_000, "quick": 2_000_000, "usual": 25_000_000, "full": 25_000_000}
PARAGRAPHS: Final = (7, 11)
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WORST_SHOWN: Final = 3
_8BIT: Final = b"Content-Transfer-Encoding: 8bit"


def run(size: str = "usual") -> list[Figure]:
    """Measure the mix, each stage, HTML alone, and the worst single mails."""
    load_model()
    plain, mixed = mails(MAILS[size]), mails(MAILS[size], html_share=0.05)
    html = mails(max(20, MAILS[size] // 8), html_share=1.0)
    stages = _stages(mixed)
    structure = _best(lambda: [email.message_from_bytes(raw) for raw in mixed])
    bytes_each = sum(map(len, mixed)) / len(mixed)
    alone = len(mixed) / structure
    return [
        _rate(
            f"whole: parse, segment, tag; {bytes_each:,.0f} bytes each", mixed, sum(stages), alone
        ),
        _rate("  parse alone", mixed, stages[0], alone),
        _rate("  segment alone", mixed, stages[1], None),
        _rate("  tag alone", mixed, stages[2], None),
        _rate("whole, no mail of HTML alone", plain, sum(_stages(plain)), None),
        _rate("whole, all mails of HTML alone", html, sum(_stages(html)), None),
        *_worst(WORST_BYTES[size]),
    ]


def mails(count: int, html_share: float = 0.0) -> list[bytes]:
    """So many mails of 4 kB; `html_share` of them have no plain text."""
    found = generator.messages(count, seed=4, attachment_bytes=500, paragraphs=PARAGRAPHS)
    every = round(1 / html_share) if html_share else 0
    return [
        html_only(raw) if every and place % every == 0 else _encoded(raw, place)
        for place, raw in enumerate(found)
    ]


def html_only(raw: bytes) -> bytes:
    """The same mail as a program writes it that knows only HTML."""
    head, _, body = raw.partition(b"\n\n")
    fields = [f for f in head.split(b"\n") if not f.startswith((b"Content-", b"MIME-"))]
    lines = b"".join(
        b'<p class="MsoNormal" style="margin:0"><span lang="FR">' + line + b"</span></p>\n"
        for line in body.split(b"\n")
        if not line.startswith((b"--=_", b"Content-"))
    )
    fields += [b"MIME-Version: 1.0", b"Content-Type: text/html; charset=utf-8", _8BIT]
    page = (
        b"<html><head><style>p { margin: 0 }</style></head><body>\n" + lines + b"</body></html>\n"
    )
    return b"\n".join(fields) + b"\n\n" + page


def _encoded(raw: bytes, place: int) -> bytes:
    """A third as it is, a third quoted-printable, a third in windows-1252 with another's label."""
    head, _, body = raw.partition(b"\n\n")
    if b"multipart/" in head or place % 3 == 0:
        return raw
    if place % 3 == 1:
        head = head.replace(_8BIT, b"Content-Transfer-Encoding: quoted-printable")
        return head + b"\n\n" + quopri.encodestring(body)
    head = head.replace(b"charset=utf-8", b"charset=iso-8859-1")
    return head + b"\n\n" + body.decode().encode("cp1252", "replace")


def _stages(raws: Sequence[bytes]) -> tuple[float, float, float]:
    """Seconds of each stage for all the mails."""
    parsed: list[Submission] = []
    cut: list[tuple[Segment, ...]] = []
    tag_languages(segment(parse(raws[0], _NOW).text), declared=None)
    return (
        _best(lambda: parsed.__setitem__(slice(None), [parse(raw, _NOW) for raw in raws])),
        _best(
            lambda: cut.__setitem__(slice(None), [segment(s.text, s.text_format) for s in parsed])
        ),
        _best(lambda: [tag_languages(parts, declared=None) for parts in cut]),
    )


def _best(work: Callable[[], object]) -> float:
    taken: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return max(min(taken), 1e-9)


def _rate(name: str, raws: Sequence[bytes], seconds: float, peer: float | None) -> Figure:
    rate = len(raws) / seconds
    beside = ratio(rate, peer, "compat32's parse alone", "/s") if peer else ""
    return Figure(name, rate, "messages/s", beside)


def _worst(size: int) -> list[Figure]:
    """What the worst of the hostile mails take, from their bytes to their HTML."""
    costs = hostile.measure(size)
    longest = sorted(costs, key=lambda cost: -cost.seconds)[:_WORST_SHOWN]
    largest = max(costs, key=lambda cost: cost.megabytes)
    kinds = f"of {len(costs)} kinds"
    return [
        *(Figure(f"worst: {one.bytes:,} bytes of {one.name}", one.seconds, "s", kinds)
          for one in longest),
        Figure(f"worst: {largest.bytes:,} bytes of {largest.name}", largest.megabytes, "MB", kinds),
    ]  # fmt: skip
