"""Glossaries: kept by moderators, used by every search of who reads the list."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.domain.glossary_files import read_csv
from forum.operations.glossary import import_concepts
from forum.storage.audit import AuditEntry
from forum.storage.glossary import GlossaryConcept, concepts_of_list
from forum.storage.lists import MailingList
from tests.factories import START, Make
from tests.indexed import index_all
from tests.web.signing import sign_in

CSV = "fr,en,es,note\nancrage territorial; AT,territorial anchorage,anclaje territorial,\n"


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    """A list with posts in three languages, and another one that is private."""
    ancrage = make.mailing_list("ancrage")
    for subject, text in (
        ("Ancrage", "Notre ancrage territorial se construit avec les habitants du quartier.\n"),
        ("Anchor", "What does territorial anchorage mean for the people of this town?\n"),
        ("Anclaje", "El anclaje territorial se hace con la gente de los barrios.\n"),
    ):
        make.post(ancrage, subject=subject, text=text)
    make.subscriber(make.mailing_list("private", visibility="private"), "member@example.net")
    index_all(make.session)
    return ancrage


def keep(make: Make, mailing_list: MailingList, text: str = CSV) -> None:
    import_concepts(make.session, mailing_list, read_csv(text).concepts, START)
    make.commit()


def test_a_term_finds_posts_in_the_other_languages(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    assert "1 post found" in client.get("/search?q=ancrage+territorial").text
    keep(make, ancrage)
    page = client.get("/search?q=ancrage+territorial").text
    assert "3 posts found" in page
    assert "<mark>territorial</mark> <mark>anchorage</mark>" in page
    answer = client.get("/api/v1/search?q=ancrage+territorial").json
    assert answer["total"] == 3
    assert answer["expanded"] == [
        {"words": "ancrage territorial", "language": "fr", "term": "AT"},
        {"words": "ancrage territorial", "language": "en", "term": "territorial anchorage"},
        {"words": "ancrage territorial", "language": "es", "term": "anclaje territorial"},
    ]
    assert client.get("/search.atom?q=ancrage+territorial").text.count("<entry") == 3


def test_each_expansion_is_taken_off_by_its_link(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    keep(make, ancrage)
    page = client.get("/search?q=ancrage+territorial").text
    link = "/search?q=ancrage+territorial&amp;without=anclaje+territorial"
    assert link in page
    assert "2 posts found" in client.get(link.replace("&amp;", "&")).text
    assert "1 post found" in client.get("/search?q=ancrage+territorial&expand=no").text
    both = "/api/v1/search?q=ancrage+territorial&without=AT&without=Territorial+Anchorage"
    assert client.get(both).json["total"] == 2


def test_the_glossary_of_a_private_list_widens_nothing_for_others(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    private = make.session.scalars(select(MailingList).filter_by(slug="private")).one()
    keep(make, private)
    assert client.get("/api/v1/search?q=ancrage+territorial").json["expanded"] == []
    assert "anchorage" not in client.get("/search?q=ancrage+territorial").text
    sign_in(client, make.account("member@example.net"))
    make.commit()
    assert "3 posts found" in client.get("/search?q=ancrage+territorial").text


def test_moderators_add_change_and_remove_concepts(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    sign_in(client, make.moderator(ancrage))
    make.commit()
    fields = {"fr": "ESS\r\néconomie sociale", "en": "SSE", "es": "", "note": "Le champ du pôle"}
    assert client.post("/lists/ancrage/glossary/edit", data=fields).status_code == 303
    (row,) = make.session.scalars(select(GlossaryConcept)).all()
    edit = f"/lists/ancrage/glossary/edit?concept={row.id}"
    assert "économie sociale" in client.get(edit).text
    changed = {**fields, "es": "ESS", "concept": row.id}
    assert client.post("/lists/ancrage/glossary/edit", data=changed).status_code == 303
    page = client.get("/lists/ancrage/glossary").text
    assert "Le champ du pôle" in page
    make.session.expire_all()
    assert concepts_of_list(make.session, ancrage.id)[0].forms("es") == ("ESS",)
    client.post("/lists/ancrage/glossary/remove", data={"concept": row.id})
    make.session.expire_all()
    assert concepts_of_list(make.session, ancrage.id) == []
    actions = make.session.scalars(select(AuditEntry.action)).all()
    assert [a for a in actions if a.startswith("glossary")] == [
        "glossary-add", "glossary-edit", "glossary-remove",
    ]  # fmt: skip


def test_a_concept_that_says_nothing_is_refused_with_a_reason(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    sign_in(client, make.moderator(ancrage))
    make.commit()
    answer = client.post("/lists/ancrage/glossary/edit", data={"fr": "seul", "en": " "})
    assert answer.status_code == 400
    assert "A concept needs at least two terms." in answer.text


def test_a_file_is_taken_in_whole_or_not_at_all(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    sign_in(client, make.moderator(ancrage))
    make.commit()

    def upload(content: bytes) -> tuple[int, str]:
        data = {"file": (BytesIO(content), "terms.csv")}
        found = client.post("/lists/ancrage/glossary/import", data=data, follow_redirects=True)
        return found.status_code, found.text

    status, text = upload(CSV.encode() + b"seul,,,\n")
    assert status == 400
    assert "Line 3: A concept needs at least two terms." in text
    assert concepts_of_list(make.session, ancrage.id) == []
    assert upload(b"\xff\xfe")[0] == 400
    assert upload(b"<tbx><text></tbx>")[0] == 400
    assert upload(CSV.encode())[0] == 200
    status, text = upload(CSV.encode())
    assert "1 was there already." in text
    make.session.expire_all()
    assert len(concepts_of_list(make.session, ancrage.id)) == 1
    csv = client.get("/lists/ancrage/glossary.csv")
    assert csv.text == CSV
    tbx = client.get("/lists/ancrage/glossary.tbx").data
    assert upload(tbx)[0] == 200


def test_strangers_change_nothing(client: FlaskClient, make: Make, ancrage: MailingList) -> None:
    sign_in(client, make.account("somebody@example.net"))
    make.commit()
    for page in ("edit", "import", "remove"):
        assert client.post(f"/lists/ancrage/glossary/{page}", data={}).status_code == 404, page


def test_a_thread_tells_its_terms_on_request(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    post = make.post(ancrage, subject="Encore", text="L'ancrage territorial, encore une fois.\n")
    make.commit()
    assert "Terms in this thread" not in client.get(f"/threads/{post.thread_id}").text
    keep(make, ancrage)
    assert "Terms in this thread" in client.get(f"/threads/{post.thread_id}").text
    page = client.get(f"/threads/{post.thread_id}/terms").text
    assert "anclaje territorial" in page
    assert "named in 1 place" in page


def test_concepts_that_share_a_term_become_one(make: Make, ancrage: MailingList) -> None:
    keep(make, ancrage)
    keep(make, ancrage, "fr,en\nancrages territoriaux,local embedding\n")
    (one,) = concepts_of_list(make.session, ancrage.id)
    assert one.forms("en") == ("territorial anchorage", "local embedding")
