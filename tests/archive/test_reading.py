"""Every form of archive is read whole: each message once, each byte as it was."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import re
import tarfile
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.mbox import mbox_entry
from mailbridge.archive.containers import Head
from mailbridge.archive.found import ArchiveError, Fault, Format, Found, OldPage, Reading
from mailbridge.archive.mbox_reader import MboxReader
from mailbridge.archive.mmdf_reader import read_mmdf
from mailbridge.archive.reader import check_archive, read_archive
from mailbridge.archive.redirects import read_redirects
from mailbridge.archive.window import CHUNK

MOMENT = datetime(2009, 4, 6, 10, 0, tzinfo=UTC)
FIRST = b"From: Awa Ndiaye <awa@example.org>\nSubject: one\nMessage-ID: <1@x.org>\n\nBonjour.\n"
SECOND = (
    b"From: Luis Ortega <luis@example.org>\nSubject: two\nMessage-ID: <2@x.org>\n\n"
    b"From the beginning we knew.\n>From awa we heard.\n\nFrom here on: nothing.\n"
)
THIRD = b"From: Ana <ana@example.org>\nSubject: three\nMessage-ID: <3@x.org>\n\nAdios\n"
ALL = [FIRST, SECOND, THIRD]


def mbox(*raws: bytes) -> bytes:
    return b"".join(mbox_entry(raw, MOMENT) for raw in raws)


def split(content: bytes, **options: int) -> list[Found]:
    return list(MboxReader(io.BytesIO(content), "f", Reading(), **options))


def read(path: Path, wanted: Format = Format.AUTO, **options: str) -> list[bytes]:
    items = read_archive(path, wanted, Reading(), **options)
    return [item.raw for item in items if isinstance(item, Found) and item.fault is None]


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# Headers first, then anything that can hurt: quoted and bare From lines, ends of all kinds.
separators = b"From awa@example.org Mon Apr  6 10:00:00 2009"
odd = (
    b"",
    b"text",
    b"From x",
    b">From x",
    b">>" + separators,
    separators,
    b"A: b",
    b"\0\xff",
    b"From",
)
line = st.sampled_from(odd)
end = st.sampled_from([b"\n", b"\r\n", b"\r"])
body = st.lists(st.tuples(line, end), max_size=12).map(lambda p: b"".join(a + b for a, b in p))
message = body.map(lambda text: b"Subject: s\n" + text + (b"" if text.endswith(b"\n") else b"\n"))


@settings(max_examples=300, deadline=None)
@given(st.lists(message, min_size=1, max_size=8))
def test_what_is_written_as_mbox_is_read_byte_for_byte(raws: list[bytes]) -> None:
    assert [found.raw for found in split(mbox(*raws))] == raws


@settings(max_examples=50, deadline=None)
@given(st.lists(message, min_size=1, max_size=6), st.integers(1, 40))
def test_it_does_not_matter_in_what_pieces_a_file_is_read(raws: list[bytes], size: int) -> None:
    class Slow:
        def __init__(self, content: bytes) -> None:
            self.stream = io.BytesIO(content)

        def read(self, wanted: int = -1, /) -> bytes:
            return self.stream.read(size)

    assert [found.raw for found in MboxReader(Slow(mbox(*raws)), "f", Reading())] == raws


def test_a_message_without_a_final_newline_gets_one_and_nothing_else() -> None:
    assert [found.raw for found in split(mbox(FIRST[:-1], SECOND))] == [FIRST, SECOND]
    foreign = b"From a@b.org Mon Apr  6 10:00:00 2009\n" + FIRST[:-1]
    assert split(foreign)[0].raw == FIRST[:-1]


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        (b"From awa@example.org Mon Apr  6 10:00:00 2009", MOMENT),
        (b"From awa at example.org  Mon Apr  6 10:00:00 2009", MOMENT),
        (b"From - Mon Apr 06 10:00:00 2009", MOMENT),
        (b"From ???@??? Mon Apr 06 10:00:00 2009", MOMENT),
        (b"From 15123@xxx Mon Apr 06 10:00:00 +0000 2009", MOMENT),
        (b"From a7@b3.org Mon Apr  6 12:00:00 2009 +0200", MOMENT),
        (b"From a@b.org Mon, 6 Apr 2009 12:00:00 +0200", MOMENT),
        (b"From a@b.org Mon Apr  6 10:00 2009", MOMENT),
        (b'From "Awa N." <awa@example.org> Mon Apr  6 10:00:00 2009', MOMENT),
        (b"From awa@example.org 2009-04-06 10:00:00", MOMENT),
        (b"From awa@example.org Mon Apr 66 10:00:00 2009", None),
        (b"From awa@example.org", None),
        (b"From MAILER-DAEMON", None),
        (b"From ", None),
    ],
)
def test_separators_of_all_shapes_part_messages(line: bytes, moment: datetime | None) -> None:
    content = line + b"\n" + FIRST + b"\n" + line + b"\n" + THIRD
    found = split(content)
    assert [one.raw for one in found] == [FIRST, THIRD]
    assert [one.arrived for one in found] == [moment, moment]


@pytest.mark.parametrize(
    "sentence",
    [
        b"From the beginning we knew.",
        b"From Monday on we meet at 10:00 in April 2009.",
        b"From: not a separator",
        b"From awa@example.org Mon Apr  6 10:00:00 2009\nwas what it said.",
    ],
)
def test_a_sentence_that_begins_with_from_parts_nothing(sentence: bytes) -> None:
    raw = FIRST + b"\n" + sentence + b"\n"
    content = b"From a@b.org Mon Apr  6 10:00:00 2009\n" + raw + b"\n" + mbox(THIRD)
    assert [found.raw for found in split(content)] == [raw, THIRD]


def test_a_separator_is_known_without_the_empty_line_before_it() -> None:
    line = b"From a@b.org Mon Apr  6 10:00:00 2009\n"
    assert [found.raw for found in split(line + FIRST + line + THIRD)] == [FIRST, THIRD]


def test_line_ends_of_dos_stay_and_its_empty_line_goes() -> None:
    raws = [raw.replace(b"\n", b"\r\n") for raw in (FIRST, THIRD)]
    line = b"From a@b.org Mon Apr  6 10:00:00 2009\r\n"
    assert [f.raw for f in split(b"".join(line + raw + b"\r\n" for raw in raws))] == raws


def test_a_byte_order_mark_and_nul_bytes_do_no_harm() -> None:
    raw = b"Subject: \xe9t\xe9\n\na\x00b\n"
    assert [found.raw for found in split(b"\xef\xbb\xbf" + mbox(raw, FIRST))] == [raw, FIRST]


def test_mboxo_and_mboxrd_quoting_is_taken_away() -> None:
    line = b"From a@b.org Mon Apr  6 10:00:00 2009\n"
    assert split(line + b"A: b\n\n>From me\n>>From you\n")[0].raw == b"A: b\n\nFrom me\n>From you\n"


def test_mboxcl2_is_cut_by_length_and_keeps_its_from_lines() -> None:
    inner = b"See:\n\nFrom b@c.org Mon Apr  6 10:00:00 2009\nSubject: inner\n\n>From him\n"
    raws = [
        b"Subject: s%d\nContent-Length: %d\n\n" % (number, len(inner)) + inner
        for number in range(3)
    ]
    line = b"From a@b.org Mon Apr  6 10:00:00 2009\n"
    assert [f.raw for f in split(b"".join(line + raw + b"\n" for raw in raws))] == raws


def test_mboxcl_is_cut_by_length_and_unquoted() -> None:
    quoted = b"Subject: s\nContent-Length: 12\n\n>From me\nhi\n"
    content = (b"From a@b.org Mon Apr  6 10:00:00 2009\n" + quoted + b"\n") * 2
    assert [f.raw for f in split(content)] == [quoted.replace(b">From", b"From")] * 2


def test_a_content_length_that_lies_swallows_nobody() -> None:
    liar = b"Subject: s\nContent-Length: %d\n\nshort\n" % (len(mbox(FIRST)) + 7)
    assert [found.raw for found in split(mbox(THIRD, liar, FIRST, THIRD))] == [
        THIRD,
        liar,
        FIRST,
        THIRD,
    ]


def test_mmdf_is_read(tmp_path: Path) -> None:
    mark = b"\x01\x01\x01\x01\n"
    content = b"".join(mark + raw + mark for raw in ALL)
    assert read(write(tmp_path / "box", content)) == ALL
    with_line = mark + b"From a@b.org Mon Apr  6 10:00:00 2009\n" + FIRST + mark
    assert read(write(tmp_path / "box2", with_line)) == [FIRST]


def test_text_before_the_first_message_is_put_aside() -> None:
    found = split(b"An old note\n\n" + mbox(FIRST))
    assert [(one.raw, one.fault) for one in found] == [
        (b"An old note\n\n", Fault.NOT_A_MESSAGE),
        (FIRST, None),
    ]


def test_of_a_message_that_is_too_large_the_head_is_put_aside() -> None:
    huge = b"Subject: huge\n\n" + b"x" * 79 + b"\n" + (b"y" * 79 + b"\n") * 120_000
    found = split(mbox(FIRST, huge, THIRD), largest=100_000)
    assert [one.fault for one in found] == [None, Fault.TOO_LARGE, None]
    assert found[1].raw == huge[:100_000]
    assert found[2].raw == THIRD
    assert found[2].offset == len(mbox(FIRST, huge))


@pytest.mark.parametrize("name", ["b.mbox.gz", "b.mbox.bz2", "b.mbox.xz", "b.mbox.zst", "b.mbox"])
def test_compressed_files_are_opened(tmp_path: Path, name: str) -> None:
    press = {
        ".gz": gzip.compress,
        ".bz2": bz2.compress,
        ".xz": lzma.compress,
        ".zst": zstandard.compress,
        ".mbox": bytes,
    }[Path(name).suffix]
    assert read(write(tmp_path / name, press(mbox(*ALL)))) == ALL


def tar_of(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def zip_of(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_containers_in_containers_are_opened(tmp_path: Path) -> None:
    inner = zip_of(
        {"a/1.eml": FIRST, "a/10.eml": THIRD, "a/2.eml": SECOND, "a/photo.jpg": b"\xff\xd8"}
    )
    path = write(tmp_path / "all.tar.gz", tar_of({"months/2009.zip": inner, "x.mbox": mbox(FIRST)}))
    assert read(path) == [FIRST, SECOND, THIRD, FIRST]
    assert read(write(tmp_path / "plain.tar", tar_of({"x.mbox": mbox(*ALL)}, "w"))) == ALL
    packed = zip_of({"t.tar": tar_of({"m.mbox.gz": gzip.compress(mbox(*ALL))}, "w")})
    assert read(write(tmp_path / "z.zip", packed)) == ALL


def test_a_maildir_is_read_with_its_folders_and_its_times(tmp_path: Path) -> None:
    write(tmp_path / "m/cur/1239012000.M1P2.host:2,S", FIRST)
    write(tmp_path / "m/new/1239012001.M1P2.host", b"no header at all\n")
    write(tmp_path / "m/tmp/1239012002.M1P2.host", b"half")
    write(tmp_path / "m/.Sent/cur/1239012003.M1P2.host:2,", THIRD)
    write(tmp_path / "m/dovecot-uidlist", b"3 V1 N1\n")
    assert sorted(read(tmp_path / "m")) == sorted([FIRST, b"no header at all\n", THIRD])
    assert len(read(tmp_path / "m", Format.MAILDIR)) == 3
    items = list(read_archive(tmp_path / "m", Format.AUTO, Reading()))
    moments = {item.raw: item.arrived for item in items if isinstance(item, Found)}
    assert moments[FIRST] == datetime.fromtimestamp(1239012000, UTC)


def test_a_folder_of_single_messages_is_read_in_the_order_of_people(tmp_path: Path) -> None:
    for name, raw in (("10.eml", THIRD), ("9.eml", SECOND), ("sub/1.eml", FIRST)):
        write(tmp_path / "mails" / name, raw)
    write(tmp_path / "mails/photo.jpg", b"\xff\xd8\xff\xe0" + bytes(100))
    write(tmp_path / "mails/.hidden", FIRST)
    write(tmp_path / "mails/notes.txt", b"Buy bread\nand milk\n")
    reading = Reading()
    items = list(read_archive(tmp_path / "mails", Format.AUTO, reading))
    assert [item.raw for item in items if isinstance(item, Found)] == [SECOND, THIRD, FIRST]
    assert {Path(name).name for name in reading.skipped} == {"photo.jpg", "notes.txt"}


def test_a_message_of_apple_mail_is_taken_out_of_its_wrapping(tmp_path: Path) -> None:
    content = b"%-10d\n" % len(FIRST) + FIRST + b"<?xml version='1.0'?><plist/>"
    assert read(write(tmp_path / "1.emlx", content)) == [FIRST]


def test_pipermail_months_are_read_with_their_hidden_addresses(tmp_path: Path) -> None:
    text = (
        b"From awa at example.org  Mon Apr  6 10:00:00 2009\n"
        b"From: awa at example.org (Awa Ndiaye)\nDate: Mon, 6 Apr 2009 10:00:00 +0200\n"
        b"Subject: [ancrage] one\nMessage-ID: <1@x.org>\n\nMeet me at noon.\n\n"
    )
    later = text.replace(b"Apr", b"May").replace(b"1@x", b"2@x")
    write(tmp_path / "p/2009-May.txt", later)
    write(tmp_path / "p/2009-April.txt.gz", gzip.compress(text))
    items = list(read_archive(tmp_path / "p", Format.PIPERMAIL, Reading(), "ancrage"))
    assert [item.raw.split(b"\n")[0] for item in items if isinstance(item, Found)] == [
        b"From: awa@example.org (Awa Ndiaye)"
    ] * 2
    assert [item.old_keys for item in items if isinstance(item, Found)] == [
        ("pipermail/ancrage/2009-April/000000",),
        ("pipermail/ancrage/2009-May/000001",),
    ]


def test_the_pages_of_pipermail_tell_which_message_they_show(tmp_path: Path) -> None:
    page = (
        b'<!DOCTYPE HTML><HTML><HEAD><LINK REL="made" HREF="mailto:ancrage%40example.org?'
        b'Subject=Re%3A%20one&In-Reply-To=%3C1%40x.org%3E"></HEAD></HTML>'
    )
    write(tmp_path / "p/2009-April/000123.html", page)
    write(tmp_path / "p/2009-April.txt", mbox(FIRST))
    items = list(read_archive(tmp_path / "p", Format.AUTO, Reading(), "Ancrage"))
    pages = [item for item in items if isinstance(item, OldPage)]
    assert pages == [OldPage("pipermail/ancrage/2009-April/000123", "1@x.org")]


def test_a_zip_of_months_of_sympa_is_read(tmp_path: Path) -> None:
    page = b"<!-- MHonArc -->\n<!--X-Message-Id: 2&#45;b@x.org -->\n<html></html>"
    files = {
        "ancrage/2009-04/arctxt/1": FIRST,
        "ancrage/2009-04/arctxt/2": SECOND,
        "ancrage/2009-05/1": THIRD,
        "ancrage/2009-04/msg00007.html": page,
        "ancrage/2009-04/index": b"ancrage",
    }
    path = write(tmp_path / "arc.zip", zip_of(files))
    items = list(read_archive(path, Format.SYMPA, Reading(), "ancrage"))
    found = {item.raw: item.old_keys for item in items if isinstance(item, Found)}
    assert found == {
        FIRST: ("sympa/ancrage/2009-04/msg00000",),
        SECOND: ("sympa/ancrage/2009-04/msg00001",),
        THIRD: ("sympa/ancrage/2009-05/msg00000",),
    }
    assert OldPage("sympa/ancrage/2009-04/msg00007", "2-b@x.org") in items


def test_a_file_that_breaks_off_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    raws = [FIRST, SECOND, b"Subject: x\n\n" + os.urandom(200_000).hex().encode() + b"\n"]
    packed = gzip.compress(mbox(*raws))
    path = write(tmp_path / "cut.mbox.gz", packed[: len(packed) // 2])
    reading = Reading()
    items = [i for i in read_archive(path, Format.AUTO, reading) if isinstance(i, Found)]
    assert [item.fault for item in items] == [None, None, Fault.DAMAGED]
    assert list(reading.damaged) == [str(path.with_suffix(""))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(500)),
        ("empty", b""),
        ("letter.txt", b"From the desk of the director\n\nDear all\n"),
        ("cut.zip", b"PK\x03\x04" + bytes(50)),
        ("cut.gz", b"\x1f\x8b\x08\x00"),
        ("photos.zip", zip_of({"a.jpg": b"\xff\xd8\xff\xe0" + bytes(100)})),
        ("table.csv", b"name,email\nAwa,awa@example.org\n"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = write(tmp_path / name, content)
    for wanted in Format:
        with pytest.raises(ArchiveError, match=name):
            list(read_archive(path, wanted, Reading()))
        with pytest.raises(ArchiveError, match=name):
            check_archive(path, wanted)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no"):
        check_archive(tmp_path / "nowhere", Format.AUTO)


class Endless:
    """A stream of so many chunks without a line of control-A in them, once begun with one."""

    def __init__(self, chunks: int, end: bytes = b"") -> None:
        self.pieces = [b"\x01\x01\x01\x01\n" + FIRST, *[b"x" * CHUNK] * chunks, end]

    def read(self, size: int = -1, /) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def test_an_mmdf_file_that_does_not_part_its_messages_is_read_in_constant_memory() -> None:
    mark = b"\n\x01\x01\x01\x01\n"
    stream = Endless(60, mark + mark[1:] + SECOND + mark[1:])
    tracemalloc.start()
    try:
        found = list(read_mmdf(stream, "box", Reading(), largest=CHUNK))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * CHUNK
    assert [one.fault for one in found] == [Fault.TOO_LARGE, None]
    assert found[0].raw.startswith(FIRST) and found[1].raw == SECOND
    assert (found[0].offset, found[1].offset) == (5, 5 + len(FIRST) + 60 * CHUNK + 1 + 5 + 5)


class Failing:
    """A stream that breaks off with an error."""

    def __init__(self, content: bytes, number: int) -> None:
        self.content, self.number = content, number

    def read(self, size: int = -1, /) -> bytes:
        if not self.content:
            raise OSError(self.number, os.strerror(self.number))
        piece, self.content = self.content, b""
        return piece


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.EIO])
def test_what_the_machine_lacks_is_no_damage_of_an_archive(number: int) -> None:
    with pytest.raises(OSError, match=re.escape(os.strerror(number))):
        list(MboxReader(Failing(mbox(FIRST, SECOND), number), "box", Reading()))
    with pytest.raises(OSError, match=re.escape(os.strerror(number))):
        Head(Failing(b"From", number))


def test_a_disk_that_fails_below_a_packed_archive_stops_the_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed = tar_of({"a.mbox": mbox(FIRST), "b.mbox": mbox(SECOND) * 200}, "w")
    half = SimpleNamespace(buffer=Failing(packed[: len(packed) // 2], errno.EIO))
    monkeypatch.setattr("sys.stdin", half)
    reading = Reading()
    with pytest.raises(OSError, match=re.escape(os.strerror(errno.EIO))):
        list(read_archive(Path("-"), Format.AUTO, reading))
    assert reading.damaged == {}


def test_a_table_of_old_addresses_that_makes_no_sense_is_refused_by_its_line(
    tmp_path: Path,
) -> None:
    table = write(tmp_path / "table", b"/a <1@x.org>\nhttp://[x/y 2@x.org\n")
    with pytest.raises(ArchiveError, match=r"line 2: http://\[x/y is no address"):
        read_redirects(table)


def test_one_line_before_all_messages_dates_none_that_is_much_younger() -> None:
    line = b"From nobody@example.org Mon Jan  1 00:00:00 2001\n"
    said = datetime(2001, 1, 1, tzinfo=UTC)
    written = datetime(2010, 3, 1, 10, 0, tzinfo=UTC)
    dated = b"Date: Mon, 01 Mar 2010 10:00:00 +0000\n" + FIRST
    old = b"Date: Mon, 15 Jan 2001 10:00:00 +0000\n" + FIRST
    never = b"Date: Mon, 01 Mar 2049 10:00:00 +0000\n" + FIRST
    passed = b"Received: by x.example.org; Mon, 01 Mar 2004 10:00:00 +0000\n" + dated

    def arrivals(*raws: bytes) -> list[datetime | None]:
        return [one.arrived for one in split(b"".join(line + raw + b"\n" for raw in raws))]

    assert arrivals(dated, old, never, passed, dated) == [written, said, said, said, written]
    # Alone, the line may be right and the clock of the author wrong.
    assert arrivals(dated) == [said]
    other = line.replace(b"2001", b"2002")
    assert [one.arrived for one in split(line + dated + b"\n" + other + dated)] == [
        said, said.replace(year=2002),
    ]  # fmt: skip
