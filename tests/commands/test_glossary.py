"""`passerelle glossary`."""

from __future__ import annotations

from pathlib import Path

from tests.commands.conftest import Run, one_line

CSV = "fr,en,es,note\nancrage territorial; AT,territorial anchorage,anclaje territorial,\n"


def test_a_glossary_goes_in_and_out_in_both_forms(run: Run, ancrage: str, tmp_path: Path) -> None:
    source = tmp_path / "terms.csv"
    source.write_text(CSV, encoding="utf-8")
    assert run("glossary", "import", ancrage, str(source)).last == "added=1 changed=0 known=0"
    assert run("glossary", "import", ancrage, str(source)).last == "added=0 changed=0 known=1"
    assert run("glossary", "export", ancrage, "-").out == CSV
    tbx = tmp_path / "terms.tbx"
    assert run("glossary", "export", ancrage, str(tbx)).last == "written=1"
    assert run("glossary", "import", ancrage, str(tbx)).last == "added=0 changed=0 known=1"
    assert run("glossary", "export", ancrage, "-", "--format", "tbx").out == tbx.read_text("utf-8")


def test_a_bad_file_changes_nothing_and_tells_its_lines(
    run: Run, ancrage: str, tmp_path: Path
) -> None:
    source = tmp_path / "terms.csv"
    source.write_text(CSV + "seul,,,\n,,one,\n", encoding="utf-8")
    told = run("glossary", "import", ancrage, str(source), status=2)
    assert one_line(told)
    assert "line 3: a concept needs at least two terms; line 4:" in told.err
    assert run("glossary", "export", ancrage, "-").out == "fr,en,es,note\n"
    source.write_bytes(b"\xff\xfe")
    assert one_line(run("glossary", "import", ancrage, str(source), status=2))
    assert one_line(run("glossary", "import", "nowhere", str(source), status=2))
    unwritable = str(tmp_path / "no" / "terms.csv")
    assert one_line(run("glossary", "export", ancrage, unwritable, status=1))
