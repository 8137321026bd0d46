"""Writing a thread or an answer, with preview, files and a way back."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from forum.app import create_app
from forum.clock import utcnow
from forum.domain.compose import is_blank
from forum.extensions import db
from forum.operations.accounts import login_link
from forum.operations.lists import edit_list
from forum.operations.raw import load_raw
from forum.settings import Settings
from forum.storage.archive import Post, PostState, Thread
from forum.storage.lists import list_by_slug
from forum.storage.mail import Delivery, HeldMessage
from tests.factories import Make
from tests.web_interaction.conftest import SignIn, Writing, main_of, text_of

NEW = "/lists/ancrage/new"
TEXT = "Nous proposons **trois** ateliers pour la rencontre de printemps à Poitiers."
FILLED = {"subject": "Ateliers de printemps", "text": TEXT, "language": "fr"}
AWA = "awa@example.net"


@pytest.fixture
def ancrage(writing: Writing) -> None:
    """A list with a member who writes and two who read."""
    with writing() as make:
        ancrage = make.mailing_list()
        make.subscriber(ancrage, AWA, "fr", name="Awa Ndiaye")
        make.subscriber(ancrage, "pilar@example.net", "es")
        make.subscriber(ancrage, "grace@example.net", "en")


@pytest.fixture
def thread(ancrage: None, writing: Writing) -> int:
    """A thread of that list with two posts of others."""
    with writing() as make:
        mailing_list = list_by_slug(db.session(), "ancrage")
        assert mailing_list is not None
        first = make.post(mailing_list, author="Pilar <pilar@example.net>", message_id="un@x.org")
        make.post(
            mailing_list,
            author="Grace <grace@example.net>",
            subject="Re: Monnaies locales",
            text="We tried this in Leeds and it worked well for two years.\n",
            in_reply_to="un@x.org",
            references="un@x.org",
        )
        return first.thread_id


def posts(app: Flask) -> list[Post]:
    """All visible posts with what the assertions look at loaded."""
    with app.app_context():
        return list(
            db.session.scalars(
                select(Post).where(Post.state == PostState.VISIBLE).order_by(Post.id)
            )
        )


def test_a_new_thread_is_posted_and_its_subscribers_are_mailed(
    app: Flask, ancrage: None, sign_in: SignIn
) -> None:
    client = sign_in(AWA)
    page = client.get(NEW)
    assert page.status_code == 200
    assert "2 people by mail: EN English 1 , ES Spanish 1 ." in text_of(page.text)
    answer = client.post(NEW, data=FILLED)
    (post,) = posts(app)
    assert answer.status_code == 303
    assert answer.location == f"/threads/{post.thread_id}#post-{post.id}"
    assert (post.subject, post.language, post.source, post.author_name) == (
        "Ateliers de printemps",
        "fr",
        "web",
        "Awa Ndiaye",
    )
    with app.app_context():
        assert len(db.session.scalars(select(Delivery)).all()) == 2
    shown = client.get(answer.location).text
    assert "<strong>trois</strong>" in shown
    assert "Your message is posted." in shown


def test_a_preview_shows_the_text_and_sends_nothing(
    app: Flask, ancrage: None, sign_in: SignIn
) -> None:
    answer = sign_in(AWA).post(
        NEW, data={**FILLED, "text": TEXT + "<script>alert(1)</script>", "preview": "1"}
    )
    assert answer.status_code == 200
    assert "<strong>trois</strong>" in answer.text
    assert "<script>alert" not in answer.text
    assert 'value="Ateliers de printemps"' in answer.text
    assert "**trois**" in answer.text
    assert '<option selected value="fr">' in answer.text
    assert posts(app) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"subject": " "}, "A thread needs a subject."),
        ({"subject": "\0\x07\u200b"}, "A thread needs a subject."),
        ({"text": " "}, "There is no text yet."),
        ({"text": "\0 \x1b\u202e"}, "There is no text yet."),
        ({"subject": "x" * 251}, "at most 250 characters"),
        ({"text": "x" * 200_001}, "more than 200000 characters"),
        ({"language": "de"}, "Please choose one of these."),
    ],
)
def test_bad_input_is_told_and_nothing_typed_is_lost(
    app: Flask, ancrage: None, sign_in: SignIn, wrong: dict[str, str], told: str
) -> None:
    filled = {**FILLED, **wrong}
    answer = sign_in(AWA).post(NEW, data=filled)
    assert answer.status_code == 400
    assert told in text_of(answer.text)
    assert 'aria-invalid="true"' in answer.text
    text, subject = (
        filled[name] if not is_blank(filled[name]) else "" for name in ("text", "subject")
    )
    assert text[:1000] in answer.text
    assert f'value="{subject}"' in answer.text
    assert posts(app) == []


def test_the_answer_form_of_a_thread_page_answers_its_first_post(
    app: Flask, thread: int, sign_in: SignIn
) -> None:
    client = sign_in(AWA)
    page = main_of(client.get(f"/threads/{thread}").text)
    first = re.search(r"<textarea[^>]*>", page)
    assert first is not None
    assert 'name="text"' in first[0]
    form = page[page.rindex("<form", 0, first.start()) : page.index("</form>", first.start())]
    buttons = re.findall(r'<button type="submit" name="(\w+)"', form)
    assert (buttons[0], buttons[-1]) == ("preview", "publish")
    answer = client.post(f"/threads/{thread}/answer", data={"text": TEXT})
    one, _two, mine = posts(app)
    assert answer.status_code == 303
    assert answer.location == f"/threads/{thread}#post-{mine.id}"
    assert (mine.thread_id, mine.parent_id, mine.subject) == (
        thread,
        one.id,
        "Re: Monnaies locales",
    )


def test_an_answer_can_begin_with_a_quotation_and_lands_under_what_it_quotes(
    app: Flask, thread: int, sign_in: SignIn
) -> None:
    client = sign_in(AWA)
    two = posts(app)[1]
    page = client.get(f"/threads/{thread}/answer?parent={two.id}&quote=1").text
    typed = re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", page, re.DOTALL)
    assert typed is not None
    quoted = typed[1].replace("&gt;", ">")
    assert "Grace wrote:" in quoted
    assert "> We tried this in Leeds" in quoted
    assert f'name="parent" value="{two.id}"' in page
    client.post(f"/threads/{thread}/answer", data={"text": quoted + TEXT, "parent": two.id})
    mine = posts(app)[2]
    assert mine.parent_id == two.id
    with app.app_context():
        segments = db.session.get_one(Post, mine.id).segments
        roles = [part.role for part in segments]
    assert roles[-1] == "reply"
    assert "quotation" in roles


def test_the_preview_of_an_answer_keeps_its_parent(
    app: Flask, thread: int, sign_in: SignIn
) -> None:
    two = posts(app)[1]
    answer = sign_in(AWA).post(
        f"/threads/{thread}/answer", data={"text": TEXT, "parent": two.id, "preview": "1"}
    )
    assert answer.status_code == 200
    assert "<strong>trois</strong>" in answer.text
    assert f'name="parent" value="{two.id}"' in answer.text
    assert len(posts(app)) == 2


def test_of_a_very_long_post_that_is_answered_the_beginning_is_shown_and_the_whole_a_click_away(
    ancrage: None, writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        mailing_list = list_by_slug(db.session(), "ancrage")
        assert mailing_list is not None
        lines = "".join(f"Le marché numéro {number} et les autres.\n\n" for number in range(20_000))
        long = make.post(mailing_list, author="Pilar <pilar@example.net>", text=lines)
        thread, number = long.thread_id, long.id
    client = sign_in(AWA)
    page = client.get(f"/threads/{thread}/answer?parent={number}").text
    assert len(page) < 120_000
    assert "numéro 500 et les autres.</p>" in page
    whole = f"/threads/{thread}?whole={number}#post-{number}"
    assert f'href="{whole}"' in page
    assert "numéro 19999" in client.get(whole).text


def test_a_parent_of_another_list_is_not_there(
    app: Flask, thread: int, writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        other = make.post(make.mailing_list("autre"), subject="Autre chose").id
    client = sign_in(AWA)
    for parent in (other, 99999, "x", -1):
        data = {"text": TEXT, "parent": parent}
        assert client.post(f"/threads/{thread}/answer", data=data).status_code == 404


def test_files_are_attached(app: Flask, ancrage: None, sign_in: SignIn) -> None:
    files = [(io.BytesIO(b"col;umn\n1;2\n"), "données.csv"), (io.BytesIO(b"\x00\x01"), "b.bin")]
    answer = sign_in(AWA).post(NEW, data={**FILLED, "attachments": files})
    assert answer.status_code == 303
    with app.app_context():
        (post,) = db.session.scalars(select(Post)).all()
        assert [(one.filename, one.size) for one in post.attachments] == [
            ("données.csv", 12),
            ("b.bin", 2),
        ]
        assert post.raw is not None
        raw = message_from_bytes(load_raw(post.raw))
        assert raw.is_multipart()


def test_a_preview_names_the_files_that_must_be_chosen_again(
    ancrage: None, sign_in: SignIn
) -> None:
    files = [(io.BytesIO(b"1;2\n"), "budget.csv")]
    answer = sign_in(AWA).post(NEW, data={**FILLED, "attachments": files, "preview": "1"})
    assert "choose these files again" in answer.text
    assert "budget.csv" in answer.text


def send_file(client: FlaskClient, address: str, size: int) -> TestResponse:
    """A filled form with a file of so many bytes; the client's own way leaves files open."""
    file = FileStorage(io.BytesIO(b"x" * size), "large.bin")
    boundary, body = encode_multipart({**FILLED, "attachments": file})
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(address, data=body, content_type=kind)


def test_files_beyond_the_limit_are_refused_and_the_text_is_kept(settings: Settings) -> None:
    app = create_app(replace(settings, max_message_bytes=1_300_000))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        make = Make(db.session())
        make.subscriber(make.mailing_list(), AWA)
        make.account(AWA, password="correct horse")
        db.session.commit()
    client = app.test_client()
    client.post("/login", data={"email": AWA, "password": "correct horse"})
    assert "200 kB" in text_of(client.get(NEW).text)
    # The second is more than the site reads of other requests.
    for size, told in ((250_000, "250 kB"), (3_000_000, "3 MB")):
        answer = send_file(client, NEW, size)
        assert answer.status_code == 400
        assert f"too large together: {told}; at most 200 kB" in text_of(answer.text)
        assert "**trois**" in answer.text
    assert send_file(client, "/lists/ancrage/draft", 3_000_000).status_code == 303
    written = client.post(NEW, data={**FILLED, "text": TEXT * 20_000})
    assert written.status_code == 400
    assert "more than 200000 characters" in written.text
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("came_from", "back"), [("http://localhost/help", True), ("http://evil.example/help", False)]
)
def test_a_request_beyond_all_bounds_has_a_way_back(app: Flask, came_from: str, back: bool) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 100
    data, headers = {"email": "x" * 200}, {"Referer": came_from}
    answer = app.test_client().post("/login", data=data, headers=headers)
    assert answer.status_code == 413
    assert ('href="/help"' in main_of(answer.text)) == back


def test_a_stranger_is_told_before_and_after_that_a_moderator_reads_first(
    app: Flask, ancrage: None, sign_in: SignIn
) -> None:
    client = sign_in("stranger@example.net")
    assert "A moderator reads your message" in client.get(NEW).text
    answer = client.post(NEW, data=FILLED, follow_redirects=True)
    assert "Your message awaits a moderator." in answer.text
    assert posts(app) == []
    with app.app_context():
        held = db.session.scalars(select(HeldMessage)).one()
        assert (held.author_email, held.source) == ("stranger@example.net", "web")
    assert "Ateliers de printemps" in client.get("/account/mails").text


def test_where_strangers_are_set_aside_the_text_is_shown_again(
    app: Flask, ancrage: None, writing: Writing, sign_in: SignIn
) -> None:
    with writing():
        mailing_list = list_by_slug(db.session(), "ancrage")
        assert mailing_list is not None
        edit_list(db.session(), mailing_list, strangers="discard")
    answer = sign_in("stranger@example.net").post(NEW, data=FILLED)
    assert answer.status_code == 400
    assert "The author is not subscribed to the list." in answer.text
    assert "**trois**" in answer.text
    assert posts(app) == []


def test_only_the_signed_in_write_and_nobody_where_they_may_not_read(
    app: Flask, writing: Writing, sign_in: SignIn, ancrage: None
) -> None:
    with writing() as make:
        private = make.mailing_list("prive", visibility="private")
        secret = make.post(private).thread_id
    anonymous, stranger = app.test_client(), sign_in("stranger@example.net")
    assert anonymous.get(NEW).status_code == 302
    for client in (anonymous, stranger):
        for path in ("/lists/prive/new", f"/threads/{secret}/answer"):
            assert client.get(path).status_code == 404
            assert client.post(path, data=FILLED).status_code == 404
    assert anonymous.post(NEW, data=FILLED).status_code == 403


def test_a_session_that_has_ended_costs_nobody_their_text(
    app: Flask, ancrage: None, sign_in: SignIn
) -> None:
    lost = app.test_client().post(NEW, data=FILLED)
    assert "**trois**" in lost.text
    client = sign_in(AWA)
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post(NEW, data=FILLED)
    assert answer.status_code == 403
    assert "**trois**" in answer.text
    assert posts(app) == []


@pytest.fixture
def patient(settings: Settings) -> Iterator[Flask]:
    """The same site with half a minute to undo."""
    app = create_app(replace(settings, undo_seconds=30))
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def signed_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    with app.app_context():
        link = login_link(db.session(), email, "", utcnow(), "")
        db.session.commit()
    client.post(urlsplit(link).path)
    return client


def test_a_post_can_be_taken_back_while_its_mail_waits(patient: Flask, ancrage: None) -> None:
    client, other = signed_in(patient, AWA), signed_in(patient, "grace@example.net")
    shown = client.post(NEW, data=FILLED, follow_redirects=True).text
    (post,) = posts(patient)
    undo = f"/posts/{post.id}/undo"
    assert f'href="{undo}"' in shown
    beside = client.get(f"/threads/{post.thread_id}").text.split('id="answer"', 1)[1]
    assert f'href="{undo}"' in beside
    assert undo not in other.get(f"/threads/{post.thread_id}").text
    assert other.post(undo).status_code == 404
    assert client.get(undo).status_code == 200
    assert len(posts(patient)) == 1
    back = client.post(undo)
    assert back.status_code == 200
    assert "**trois**" in back.text
    assert 'value="Ateliers de printemps"' in back.text
    assert posts(patient) == []
    assert client.get(f"/posts/{post.id}").status_code == 404
    with patient.app_context():
        assert set(db.session.scalars(select(Delivery.state))) == {"cancelled"}
        assert db.session.get_one(Thread, post.thread_id).post_count == 0


def test_once_mail_is_on_its_way_a_post_stays(patient: Flask, ancrage: None) -> None:
    client = signed_in(patient, AWA)
    client.post(NEW, data=FILLED)
    (post,) = posts(patient)
    with patient.app_context():
        db.session.execute(update(Delivery).values(state="sent"))
        db.session.commit()
    answer = client.post(f"/posts/{post.id}/undo", follow_redirects=True)
    assert "It is too late" in answer.text
    assert len(posts(patient)) == 1
