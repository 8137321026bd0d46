"""The calendar of topics on the pages, in the feed for calendars, and by command."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import g
from flask.testing import FlaskClient
from flask_babel import refresh

from forum.clock import utcnow
from forum.operations.lists import grant_role
from forum.operations.topics import TopicFields, add_topic
from forum.storage.lists import MailingList
from forum.storage.topics import topics_of
from tests.factories import START, Make
from tests.web.signing import sign_in

TITLES = {"fr": "Les monnaies locales", "en": "Local currencies", "es": "Las monedas locales"}
FORM = {
    "tag": "Écoles",
    "title_fr": "Les écoles rurales",
    "title_en": "Rural schools",
    "title_es": "Las escuelas rurales",
    "starts_on": "2010-03-01",
    "ends_on": "2010-03-31",
    "product_en": "A common booklet",
    "remind_days": "7",
}


def topic(tag: str, begins: int, ends: int, **titles: str) -> TopicFields:
    """A topic, its days counted from today."""
    today = utcnow().date()
    start, end = today + timedelta(days=begins), today + timedelta(days=ends)
    return TopicFields(tag, TITLES | titles, start, end, {})


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    ancrage = make.mailing_list()
    make.commit()
    return ancrage


@pytest.fixture
def moderator(client: FlaskClient, make: Make, ancrage: MailingList) -> None:
    account = make.moderator(ancrage)
    make.commit()
    sign_in(client, account)


def announce(make: Make, mailing_list: MailingList, *fields: TopicFields) -> None:
    for one in fields:
        add_topic(make.session, mailing_list, one, START)
    make.commit()


def test_the_list_page_shows_what_is_open_and_until_when(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    page = client.get("/lists/ancrage/").text
    assert "topics" not in page
    announce(
        make, ancrage,
        topic("monnaies", -5, 3), topic("eau", -9, -2, en="Water"), topic("air", 4, 9, en="Air"),
    )  # fmt: skip
    refresh()
    page = client.get("/lists/ancrage/?lang=en").text
    assert "Local currencies" in page
    assert "until" in page
    assert "Water" not in page
    assert "Air" not in page
    assert 'href="/lists/ancrage/?tag=monnaies"' in page
    refresh()
    assert "Las monedas locales" in client.get("/lists/ancrage/?lang=es").text


def test_the_page_of_topics_counts_their_threads(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    announce(make, ancrage, topic("monnaies", -5, 3), topic("eau", -9, -2, en="Water"))
    for subject in ("[monnaies] Le fondant", "[Monnaies] La caisse", "Autre chose"):
        make.post(ancrage, subject=subject)
    make.commit()
    page = client.get("/lists/ancrage/topics").text
    assert page.index("Open now") < page.index("Local currencies") < page.index("Over")
    assert "2 threads" in page
    assert "0 threads" in page
    assert "Announce" not in page
    threads = client.get("/lists/ancrage/?tag=monnaies").text
    assert "Le fondant" in threads
    assert "Autre chose" not in threads


def test_moderators_announce_change_and_remove_topics(
    client: FlaskClient, make: Make, ancrage: MailingList, moderator: None
) -> None:
    edit, calendar = "/lists/ancrage/topics/edit", "/lists/ancrage/topics"
    assert edit in client.get(calendar).text
    assert client.get(edit).status_code == 200
    assert client.post(edit, data=FORM).status_code == 303
    page = client.get(calendar).text
    assert "Rural schools" in page
    assert "A common booklet" in page
    (row,) = topics_of(make.session, ancrage.id)
    shown = client.get(f"{edit}?topic={row.id}").text
    assert 'value="2010-03-31"' in shown
    changed = {**FORM, "topic": str(row.id), "title_en": "Village schools"}
    assert client.post(edit, data=changed).status_code == 303
    assert "Village schools" in client.get(calendar).text
    answer = client.post("/lists/ancrage/topics/remove", data={"topic": str(row.id)})
    assert answer.status_code == 303
    make.session.expire_all()
    assert topics_of(make.session, ancrage.id) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"title_es": ""}, "A topic needs a title in each language."),
        ({"tag": "a,b"}, "A topic has one tag of 1 to 40 letters"),
        ({"ends_on": "2010-02-01"}, "A topic ends on the day it begins, or later."),
        ({"ends_on": "31/02/2010"}, "Not a valid date"),
        ({"starts_on": ""}, "Please give a day."),
        ({"remind_days": "400"}, "The reminder goes out 0 to 90 days before the end."),
        ({"remind_days": "x"}, "Not a valid integer"),
        ({"remind_days": ""}, "The reminder goes out 0 to 90 days before the end."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_kept(
    client: FlaskClient,
    make: Make,
    ancrage: MailingList,
    moderator: None,
    changes: dict[str, str],
    told: str,
) -> None:
    answer = client.post("/lists/ancrage/topics/edit", data=FORM | changes)
    assert answer.status_code == 400
    assert told in answer.text
    assert "Rural schools" in answer.text
    assert topics_of(make.session, ancrage.id) == []


@pytest.mark.parametrize("role", ["nobody", "stranger", "subscriber", "translator"])
def test_others_read_and_change_nothing(
    client: FlaskClient, make: Make, ancrage: MailingList, role: str
) -> None:
    announce(make, ancrage, topic("monnaies", -5, 3))
    if role == "subscriber":
        make.subscriber(ancrage, "luc@example.net")
    if role != "nobody":
        account = make.account("luc@example.net")
        if role == "translator":
            grant_role(make.session, ancrage, account, "translator", START)
        make.commit()
        sign_in(client, account)
    wanted = 302 if role == "nobody" else 404
    (row,) = topics_of(make.session, ancrage.id)
    for path in ("edit", "remove"):
        data = FORM | {"topic": str(row.id)}
        assert client.post(f"/lists/ancrage/topics/{path}", data=data).status_code == wanted
    assert "Local currencies" in client.get("/lists/ancrage/topics").text
    make.session.expire_all()
    assert [one.tag for one in topics_of(make.session, ancrage.id)] == ["monnaies"]


def test_a_topic_of_another_list_is_out_of_reach(
    client: FlaskClient, make: Make, ancrage: MailingList, moderator: None
) -> None:
    other = make.mailing_list("autre")
    announce(make, other, topic("monnaies", -5, 3))
    (row,) = topics_of(make.session, other.id)
    for data in (FORM | {"topic": str(row.id)}, FORM | {"topic": "x"}, FORM | {"topic": "9" * 30}):
        assert client.post("/lists/ancrage/topics/edit", data=data).status_code == 404
        assert client.post("/lists/ancrage/topics/remove", data=data).status_code == 404


def test_calendars_get_the_topics_of_a_list_they_may_see(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    fields = TopicFields(
        "monnaies", TITLES, date(2010, 3, 1), date(2010, 3, 31),
        {"en": "Write to awa@example.org"}, 7,
    )  # fmt: skip
    announce(make, ancrage, fields)
    answer = client.get("/lists/ancrage/topics.ics")
    assert answer.mimetype == "text/calendar"
    assert answer.content_type.endswith("charset=utf-8")
    text = answer.text.replace("\r\n ", "")
    assert "SUMMARY:Local currencies" in text
    assert "DTEND;VALUE=DATE:20100401" in text
    assert "URL:http://forum.example.org/lists/ancrage/?tag=monnaies" in text
    assert "awa@example.org" not in text
    assert client.get("/lists/ancrage/topics.ics").data == answer.data
    g.pop("_login_user", None)
    make.mailing_list("secret", visibility="private")
    make.commit()
    assert client.get("/lists/secret/topics.ics").status_code == 404
