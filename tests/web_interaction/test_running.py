"""The pages of those who run a list: settings, subscribers, invitations."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.extensions import db
from forum.operations.lists import grant_role
from forum.storage.audit import AuditEntry
from forum.storage.choices import Invitation
from forum.storage.lists import MailingList, list_by_slug
from forum.storage.mail import Notice
from forum.storage.people import Subscription
from tests.factories import START, Make
from tests.web_interaction.conftest import SignIn, Writing, main_of, text_of

OWNER, MODERATOR, ADMIN = "owner@example.net", "moderator@example.net", "admin@example.net"
PAGES = ("settings", "members", "members.csv", "members/remove?member=1", "invitations")


@pytest.fixture(autouse=True)
def ancrage(writing: Writing) -> None:
    with writing() as make:
        found = make.mailing_list()
        grant_role(make.session, found, make.account(OWNER, "Awa Ndiaye"), "owner", START)
        make.moderator(found, MODERATOR)
        make.account(ADMIN, is_admin=True)
        make.subscriber(found, "pilar@example.org", "es", name="Pilar Ríos")
        make.subscriber(found, "grace@example.org", "en", delivery="daily")


def the_list(make: Make) -> MailingList:
    found = list_by_slug(make.session, "ancrage")
    assert found is not None
    return found


def rows(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        found = db.session.scalars(select(Subscription).order_by(Subscription.id))
        return [(one.address.email, one.language, one.delivery) for one in found]


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_only_who_runs_a_list_finds_its_pages(client: FlaskClient, sign_in: SignIn) -> None:
    readers = {
        OWNER: 200,
        ADMIN: 200,
        MODERATOR: 404,
        "pilar@example.org": 404,
        "x@example.net": 404,
    }
    for email, status in readers.items():
        browser = sign_in(email)
        for page in PAGES:
            wanted = 200 if (email, page) == (MODERATOR, "invitations") else status
            assert browser.get(f"/lists/ancrage/{page}").status_code == wanted, (email, page)
        is_admin = email == ADMIN
        assert browser.get("/lists/ancrage/members/add").status_code == (200 if is_admin else 404)
        told = browser.get("/lists/ancrage/").text
        assert ("/lists/ancrage/settings" in told) is (status == 200)
        assert ("/lists/ancrage/invitations" in told) is (email == MODERATOR)
    for page in PAGES:
        assert client.get(f"/lists/ancrage/{page}").location.startswith("/login")


def settings_of(make: Make) -> dict[str, object]:
    found = the_list(make)
    names = ("title_fr", "title_en", "title_es", "posting", "strangers", "language", "from_policy",
             "reply_to", "time_zone", "digest_hour")  # fmt: skip
    return {name: getattr(found, name) for name in names}


def test_owners_change_what_they_decide_and_nothing_else(
    app: Flask, writing: Writing, sign_in: SignIn
) -> None:
    owner = sign_in(OWNER)
    with writing() as make:
        given = settings_of(make)
    changed = {"title_fr": "Ancrages", "posting": "moderated", "time_zone": "Europe/Madrid",
               "digest_hour": 19, "welcome_fr": "Bienvenue !\nPrésentez-vous.", "reply_to": "list",
               "subject_prefix": "[ancrage]"}  # fmt: skip
    sent = given | changed | {"visibility": "private", "mode": "mirrored", "address": "x@y.org",
                              "welcome_fr": "Bienvenue !\r\nPrésentez-vous.\r\n"}  # fmt: skip
    assert owner.post("/lists/ancrage/settings", data=sent).status_code == 303
    with app.app_context():
        found = list_by_slug(db.session(), "ancrage")
        assert found is not None
        kept = {name: getattr(found, name) for name in changed}
        assert kept == changed
        assert (found.visibility, found.mode) == ("public", "hosted")
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert entry.details["changed"] == sorted(changed)
    assert "Nothing has changed" in owner.post(
        "/lists/ancrage/settings?lang=en",
        data=given | changed,
        follow_redirects=True,
    ).text  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [("title_es", ""), ("title_es", "x" * 201), ("time_zone", "Mars/Base"), ("digest_hour", "25"),
     ("welcome_en", "x" * 5001), ("subject_prefix", "[a[b]"), ("posting", "everybody")],
)  # fmt: skip
def test_what_cannot_be_is_shown_beside_its_field(
    writing: Writing, sign_in: SignIn, name: str, value: str
) -> None:
    owner = sign_in(OWNER)
    with writing() as make:
        given = settings_of(make)
    answer = owner.post("/lists/ancrage/settings", data=given | {name: value})
    assert answer.status_code == 400
    assert f'id="{name}-error"' in answer.text
    with writing() as make:
        assert settings_of(make) == given


def test_subscribers_are_found_downloaded_and_removed(app: Flask, sign_in: SignIn) -> None:
    owner = sign_in(OWNER)
    shown = text_of(main_of(owner.get("/lists/ancrage/members?lang=en").text))
    assert "2 subscribers" in shown
    found = text_of(main_of(owner.get("/lists/ancrage/members?q=RÍOS").text))
    assert "pilar@example.org" in found
    assert "grace@example.org" not in found
    assert "pilar@" not in owner.get("/lists/ancrage/members?q=%25").text
    answer = owner.get("/lists/ancrage/members.csv")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.text.splitlines() == [
        "email,name,language,delivery",
        "grace@example.org,,en,daily",
        "pilar@example.org,Pilar Ríos,es,each",
    ]
    with app.app_context():
        key = db.session.scalars(select(Subscription.id).order_by(Subscription.id)).first()
    asked = owner.get(f"/lists/ancrage/members/remove?member={key}")
    assert "pilar@example.org" in asked.text
    assert len(rows(app)) == 2
    assert owner.post("/lists/ancrage/members/remove", data={"member": key}).status_code == 303
    assert rows(app) == [("grace@example.org", "en", "daily")]
    assert owner.post("/lists/ancrage/members/remove", data={"member": key}).status_code == 404
    assert "unsubscribe" in actions(app)


def test_a_member_of_another_list_cannot_be_removed_here(
    app: Flask, writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        other = make.subscriber(make.mailing_list("autre"), "lila@example.org").id
    owner = sign_in(OWNER)
    assert owner.post("/lists/ancrage/members/remove", data={"member": other}).status_code == 404
    assert len(rows(app)) == 3


def add(admin: FlaskClient, text: str | bytes, **fields: str) -> tuple[int, str]:
    raw = text.encode() if isinstance(text, str) else text
    data = {"file": (io.BytesIO(raw), "people.csv"), **fields}
    answer = admin.post("/lists/ancrage/members/add?lang=en", data=data)
    return answer.status_code, text_of(answer.text)


def test_a_file_subscribes_all_or_nobody(app: Flask, sign_in: SignIn) -> None:
    admin = sign_in(ADMIN)
    status, told = add(
        admin, "email,name,language,delivery\nawa@example.net,Awa,de,each\nnonsense,X,fr,each\n"
        "good@example.net,G,fr,each\n",
    )  # fmt: skip
    assert status == 400
    assert "Line 2: the language is fr, en, es, not “de”." in told
    assert "Line 3: “nonsense” is not an email address." in told
    assert len(rows(app)) == 2
    for wrong in ("", "name\nAwa\n", b"email\n\xff\xfe@example.org\n", 'email\n"a\n'):
        assert add(admin, wrong)[0] == 400, wrong
    good = "\ufeffemail,language\nawa@example.net,fr\npilar@example.org,fr\n"
    assert add(admin, good, welcome="y")[0] == 303
    assert rows(app)[2:] == [("awa@example.net", "fr", "each")]
    assert rows(app)[0] == ("pilar@example.org", "es", "each")
    with app.app_context():
        sent = db.session.execute(select(Notice.kind, Notice.recipient)).all()
        assert ("welcome", "awa@example.net") in [tuple(one) for one in sent]


def test_people_are_invited_and_what_cannot_be_stays_to_be_corrected(
    app: Flask, sign_in: SignIn
) -> None:
    moderator = sign_in(MODERATOR)
    data = {"emails": "lila@example.org, nonsense\npilar@example.org", "language": "fr",
            "message": "Venez !"}  # fmt: skip
    answer = moderator.post("/lists/ancrage/invitations?lang=en", data=data)
    told = text_of(answer.text)
    assert "1 invitation is sent." in told
    assert "These are no email addresses: nonsense" in told
    assert "They are subscribed already: pilar@example.org" in told
    assert ">nonsense</textarea>" in answer.text.replace("\r\n", "").replace("\n", "")
    assert len(rows(app)) == 2
    again = moderator.post("/lists/ancrage/invitations", data=data | {"emails": "lila@example.org"})
    assert again.status_code == 303
    with app.app_context():
        (key,) = db.session.scalars(select(Invitation.id)).all()
    for _ in range(2):
        answer = moderator.post("/lists/ancrage/invitations/withdraw", data={"invitation": key})
        assert answer.status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Invitation.state)).all() == ["withdrawn"]
    assert "withdraw" in actions(app)
    empty = moderator.post("/lists/ancrage/invitations", data={"emails": "", "language": "fr"})
    assert empty.status_code == 400
