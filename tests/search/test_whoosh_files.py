"""The embedded index survives a kill at any moment and notices every broken byte."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from forum.domain.query import parse
from forum.search import whoosh_files
from forum.search.whoosh_folder import SMALL_SEGMENTS
from forum.search.whoosh_index import WhooshIndex
from tests.forks import forks
from tests.search.conftest import document, rebuilt

ONE = frozenset({1})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A finished index of three commits."""
    index = WhooshIndex(tmp_path / "index")
    with index.writing():
        index.start_rebuild()
        index.finish_rebuild()
        for start in (0, 10, 20):
            index.add([document(n, f"mot numéro{n}") for n in range(start, start + 10)])
    index.close()
    return tmp_path / "index"


@pytest.fixture
def index(path: Path) -> Iterator[WhooshIndex]:
    opened = WhooshIndex(path)
    yield opened
    opened.close()


def folder(path: Path) -> Path:
    return path / (path / "CURRENT").read_text("ascii")


def total(index: WhooshIndex, text: str = "mot") -> int:
    return index.find(parse(text), ONE).total


def committed(path: Path) -> list[Path]:
    return [
        file
        for file in folder(path).iterdir()
        if file.suffix in (".seg", ".toc", ".sums") and file.stat().st_size
    ]


def test_a_sound_index_is_opened_as_it_is(path: Path, index: WhooshIndex) -> None:
    assert len([file for file in committed(path) if file.suffix == ".seg"]) == 3
    assert total(index) == 30
    assert index.rebuilt_to() is None


def test_a_zeroed_block_anywhere_is_noticed(path: Path) -> None:
    chance = random.Random(7)
    for file in committed(path):
        good = file.read_bytes()
        start = chance.randrange(len(good))
        while not any(good[start : start + 512]):
            start = chance.randrange(len(good))
        file.write_bytes(good[:start] + bytes(len(good[start : start + 512])) + good[start + 512 :])
        damaged = WhooshIndex(path)
        assert damaged.rebuilt_to() == 0, file.name
        assert damaged.find(parse("mot"), ONE).rebuilding
        damaged.close()
        file.write_bytes(good)
    again = WhooshIndex(path)
    assert again.rebuilt_to() is None
    again.close()


def test_a_lost_file_is_noticed(path: Path) -> None:
    for file in committed(path):
        aside = file.rename(path / "aside")
        damaged = WhooshIndex(path)
        assert damaged.rebuilt_to() == 0, file.name
        damaged.close()
        aside.rename(file)


def test_a_damaged_index_is_replaced_by_the_next_rebuild(path: Path) -> None:
    next(file for file in committed(path) if file.suffix == ".seg").write_bytes(b"rubbish")
    index = WhooshIndex(path)
    with index.writing():
        index.add([document(50, "mot")])
        assert total(index) == 1
        assert index.find(parse("mot"), ONE).rebuilding
        index.start_rebuild()
        both = [document(n, "mot") for n in (1, 50)]
        rebuilt(index, both, 50)
        index.finish_rebuild()
    assert total(index) == 2
    assert index.rebuilt_to() is None
    assert [file.name for file in path.iterdir() if file.is_dir()] == [folder(path).name]
    index.close()


def test_a_reader_that_meets_damage_tells_the_writer(path: Path, index: WhooshIndex) -> None:
    assert index.rebuilt_to() is None
    for file in committed(path):
        if file.suffix == ".seg":
            # Zeroed in place, under the eyes of an index that had been found sound.
            file.write_bytes(bytes(file.stat().st_size))
    assert index.find(parse("mot"), ONE).rebuilding
    writer = WhooshIndex(path)
    assert writer.rebuilt_to() == 0
    writer.close()


def test_everything_is_on_the_disk_before_a_commit_gets_its_name(
    path: Path, index: WhooshIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    named: list[tuple[str, list[str]]] = []
    fsync, rename = os.fsync, os.rename

    def noting_fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noting_rename(old: str, new: str) -> None:
        named.append((Path(new).name, list(synced)))
        rename(old, new)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "rename", noting_rename)
    with index.writing():
        index.add([document(40, "mot")])
    toc, before = next(item for item in named if item[0].endswith(".toc"))
    number = whoosh_files.generation(folder(path))
    assert toc == f"_MAIN_{number}.toc"
    assert any(name.endswith(".seg") for name in before)
    assert any(name.startswith(toc) for name in before)
    assert f"_MAIN_{number}.sums.writing" in before
    assert synced[-1] == folder(path).name


def test_leftovers_of_a_killed_writer_are_cleared(path: Path, index: WhooshIndex) -> None:
    inside = folder(path)
    (inside / "MAIN.tmp").mkdir()
    (inside / "MAIN.tmp" / "abc.run").write_bytes(b"x" * 1000)
    (inside / "_MAIN_9.toc.1700000000.5").write_bytes(b"x")
    (inside / "MAIN_0123456789abcdef.pst").write_bytes(b"x" * 1000)
    with index.writing():
        index.add([document(40, "mot")])
    left = {file.name for file in inside.iterdir()}
    assert not left & {"MAIN.tmp", "_MAIN_9.toc.1700000000.5", "MAIN_0123456789abcdef.pst"}
    assert total(index) == 31


def test_small_segments_are_merged_in_quiet_minutes(path: Path, index: WhooshIndex) -> None:
    with index.writing():
        for n in range(100, 101 + SMALL_SEGMENTS):
            index.add([document(n, "mot")])
        index.remove([100])
        before = len(list(folder(path).glob("*.seg")))
        assert index.tidy()
        assert len(list(folder(path).glob("*.seg"))) == before - SMALL_SEGMENTS
        assert not index.tidy()
    assert total(index) == 30 + SMALL_SEGMENTS
    assert total(index, '"mot numéro7"') == 1
    assert index.find(parse("numéro7"), ONE, facets=True).facets["author"] == {"Awa Ndiaye": 1}
    reopened = WhooshIndex(path)
    assert reopened.rebuilt_to() is None
    assert total(reopened) == 30 + SMALL_SEGMENTS
    reopened.close()


WRITER = """
import sys
from pathlib import Path
from forum.search.whoosh_index import WhooshIndex
from tests.search.conftest import document


def work(first):
    number = int(first)
    index = WhooshIndex(Path(sys.argv[1]))
    with index.writing() as ours:
        assert ours
        while True:
            index.add([document(number + k, "mot tué " + "remplissage " * 50) for k in range(5)])
            if number % 3 == 0:
                index.tidy()
            number += 5
            print(number, flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing(path: Path) -> None:
    chance = random.Random(11)
    number = 1000
    with forks(WRITER, str(path)) as writers:
        for _ in range(6):
            writer = writers.start(str(number))
            lines = [writer.printed.readline(), *writer.kill_after(chance.uniform(0, 0.3))]
            acknowledged = int(lines[-1])
            index = WhooshIndex(path)
            assert index.rebuilt_to() is None, "what was committed is sound"
            kept = total(index, "tué")
            index.close()
            assert kept >= acknowledged - 1000
            assert (kept - (acknowledged - 1000)) in (0, 5), "a commit is whole or not there"
            number = 1000 + kept
