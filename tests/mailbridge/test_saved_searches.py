"""New hits of saved searches: by mail when they are due, once, and as the person may see them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.config import search_index
from forum.domain.glossary_files import read_csv
from forum.operations.glossary import import_concepts
from forum.operations.saved_searches import MOST, SearchNotSavedError, save_search
from forum.storage.archive import PostState
from forum.storage.lists import MailingList, list_by_slug
from forum.storage.mail import Notice
from forum.storage.people import Account, Subscription
from forum.storage.saved_searches import SavedSearch, Told
from mailbridge.notices import build
from mailbridge.saved_searches import queue_search_mails
from tests.conftest import settings_for
from tests.factories import START, Make
from tests.indexed import index_all
from tests.web.signing import sign_in

DAY = timedelta(days=1)


def index(make: Make) -> None:
    index_all(make.session)


def the_list(make: Make, slug: str) -> MailingList:
    found = list_by_slug(make.session, slug)
    assert found is not None
    return found


def told(make: Make, now: datetime) -> list[Notice]:
    """The mails that become due at a time."""
    before = set(make.session.scalars(select(Notice.id)))
    made = queue_search_mails(make.session, search_index(), "http://forum.example.org", now)
    make.commit()
    found = [
        n for n in make.session.scalars(select(Notice).order_by(Notice.id)) if n.id not in before
    ]
    assert len(found) == made
    return found


@pytest.fixture
def reader(make: Make) -> Account:
    """Somebody who is on a private list beside the public one, with one old post on it."""
    public = make.mailing_list("ancrage")
    make.subscriber(make.mailing_list("private", visibility="private"), "reader@example.net")
    make.post(public, text="Une vieille monnaie dont tout le monde a déjà parlé.\n")
    account = make.account("reader@example.net", language="fr")
    index(make)
    return account


def test_new_hits_come_once_and_nothing_new_is_no_mail(make: Make, reader: Account) -> None:
    save_search(make.session, reader, "monnaie", Told.DAILY, START)
    make.commit()
    assert told(make, START + DAY) == []
    ancrage = the_list(make, "ancrage")
    post = make.post(ancrage, subject="La vache", text="Une monnaie toute neuve pour le bourg.\n")
    assert told(make, START + 2 * DAY) == [], "what the index does not have waits"
    index(make)
    (notice,) = told(make, START + 2 * DAY)
    assert (notice.recipient, notice.language) == ("reader@example.net", "fr")
    assert "- La vache" in notice.params["rows"]
    assert f"http://forum.example.org/posts/{post.id}" in notice.params["rows"]
    assert "vieille" not in notice.params["rows"]
    assert notice.params["rows"].count("/posts/") == 1
    assert told(make, START + 2 * DAY + timedelta(hours=1)) == []
    assert told(make, START + 9 * DAY) == []


def test_weekly_is_on_mondays_and_never_is_never(make: Make, reader: Account) -> None:
    save_search(make.session, reader, "monnaie", Told.WEEKLY, START)
    save_search(make.session, reader, "une monnaie", Told.NEVER, START)
    ancrage = the_list(make, "ancrage")
    make.post(ancrage, text="Une monnaie toute neuve pour tout le bourg.\n")
    index(make)
    # The first of March 2010 was a Monday.
    assert told(make, START + 3 * DAY) == []
    assert len(told(make, START + 7 * DAY)) == 1


def test_what_may_not_be_seen_at_the_time_of_sending_is_not_told(
    make: Make, reader: Account
) -> None:
    private, ancrage = the_list(make, "private"), the_list(make, "ancrage")
    save_search(make.session, reader, "monnaie", Told.DAILY, START)
    secret = make.post(private, subject="Huis clos", text="Une monnaie entre nous et personne.\n")
    hidden = make.post(ancrage, subject="Caché", text="Une monnaie qui sera bientôt cachée.\n")
    index(make)
    (notice,) = told(make, START + DAY)
    assert "Huis clos" in notice.params["rows"]
    more = make.post(private, subject="Encore", text="Une autre monnaie entre nous seuls.\n")
    index(make)
    assert secret.id < more.id
    make.session.delete(make.session.scalars(select(Subscription)).one())
    hidden.state = PostState.HIDDEN
    make.commit()
    assert told(make, START + 2 * DAY) == []


def test_the_glossary_widens_what_is_told(make: Make, reader: Account) -> None:
    ancrage = the_list(make, "ancrage")
    concepts = read_csv("fr,en\nmonnaie,currency\n").concepts
    import_concepts(make.session, ancrage, concepts, START)
    save_search(make.session, reader, "monnaie", Told.DAILY, START)
    make.post(ancrage, subject="News", text="There is a new currency in our small town.\n")
    index(make)
    (notice,) = told(make, START + DAY)
    assert "- News" in notice.params["rows"]


@pytest.mark.parametrize("language", ["fr", "en", "es"])
def test_the_mail_is_in_the_reader_s_language(
    make: Make, reader: Account, language: str, tmp_path: Path
) -> None:
    reader.language = language
    ancrage = the_list(make, "ancrage")
    save_search(make.session, reader, "monnaie", Told.DAILY, START)
    make.post(ancrage, text="Une monnaie toute neuve pour tout le bourg.\n")
    index(make)
    (notice,) = told(make, START + DAY)
    copy = build(notice, settings_for(tmp_path / "site"))
    assert b"Content-Language: " + language.encode() in copy.message
    assert b"/account/searches" in copy.message.replace(b"=\r\n", b"")


def test_searches_are_kept_changed_and_forgotten_on_their_page(
    client: FlaskClient, make: Make, reader: Account
) -> None:
    sign_in(client, reader)
    make.commit()
    assert 'name="told"' in client.get("/search?q=monnaie").text
    form = {"q": "monnaie  locale", "told": "weekly"}
    assert client.post("/account/searches", data=form).status_code == 303
    assert client.post("/account/searches", data={**form, "told": "daily"}).status_code == 303
    (saved,) = make.session.scalars(select(SavedSearch)).all()
    make.session.refresh(saved)
    assert (saved.text, saved.told) == ("monnaie locale", "daily")
    page = client.get("/account/searches").text
    assert "monnaie locale" in page
    assert client.post(f"/account/searches/{saved.id}", data={"told": "x"}).status_code == 400
    assert client.post("/account/searches", data={"q": " ", "told": "daily"}).status_code == 400
    change = client.post(f"/account/searches/{saved.id}", data={"told": "never"})
    assert change.status_code == 303
    feed = client.get(f"/searches/{saved.token}/feed.atom")
    assert feed.headers["Cache-Control"] == "private, no-store"
    assert client.post(f"/account/searches/{saved.id}/delete").status_code == 303
    assert client.get(f"/searches/{saved.token}/feed.atom").status_code == 404


def test_the_feed_shows_what_its_owner_may_see_now(
    client: FlaskClient, make: Make, reader: Account
) -> None:
    private = the_list(make, "private")
    saved = save_search(make.session, reader, "monnaie", Told.NEVER, START)
    make.post(private, subject="Huis clos", text="Une monnaie entre nous et personne.\n")
    index(make)
    address = f"/searches/{saved.token}/feed.atom"
    assert "Huis clos" in client.get(address).text
    make.session.delete(make.session.scalars(select(Subscription)).one())
    make.commit()
    assert "Huis clos" not in client.get(address).text


def test_nobody_keeps_too_many(make: Make, reader: Account) -> None:
    for number in range(MOST):
        save_search(make.session, reader, f"mot{number}", Told.NEVER, START)
    with pytest.raises(SearchNotSavedError):
        save_search(make.session, reader, "encore", Told.NEVER, START)
