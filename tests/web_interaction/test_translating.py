"""Translations of posts on the pages: read by all, written by translators and authors."""

from __future__ import annotations

from typing import Any

import pytest
from flask import g
from flask.testing import FlaskClient
from flask_babel import refresh
from sqlalchemy import event

from forum.extensions import db
from forum.operations.curation_posts import hide
from forum.operations.curation_removing import remove
from forum.operations.lists import grant_role
from forum.operations.translation import write_translation
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.mail import Delivery, SendState
from forum.storage.people import Account
from forum.storage.translations import current_translations, translations_of
from tests.factories import START, Make
from tests.operations.test_curation import LATER
from tests.web.signing import sign_in
from tests.web_interaction.conftest import main_of, text_of

SPANISH = "Proponemos una moneda local para el mercado del barrio, con reglas muy sencillas.\n"


@pytest.fixture
def post(make: Make) -> Post:
    found = make.post(make.mailing_list(), text=SPANISH, author="Luz Vega <luz@example.org>")
    make.commit()
    return found


@pytest.fixture
def translator(client: FlaskClient, make: Make, post: Post) -> Account:
    """Somebody who translates the list, signed in."""
    account = make.account("amina@example.net", "Amina Diallo")
    grant_role(make.session, post.mailing_list, account, "translator", START)
    make.commit()
    sign_in(client, account)
    return account


def read_in(client: FlaskClient, address: str) -> str:
    """A page in the language that its address names: the one before is not kept for it."""
    refresh()
    return main_of(client.get(address).text)


def anonymous(client: FlaskClient) -> FlaskClient:
    g.pop("_login_user", None)
    refresh()
    return client.application.test_client()


def keep(client: FlaskClient, post: Post, **data: str) -> str:
    data = {"language": "en", "seen": "0", "corrections": "0", **data}
    answer = client.post(f"/posts/{post.id}/translate", data=data)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_a_translator_writes_it_and_readers_of_the_language_see_it_first(
    client: FlaskClient, make: Make, post: Post, translator: Account
) -> None:
    address = f"/posts/{post.id}/translate"
    assert f'href="{address}"' in client.get(f"/threads/{post.thread_id}").text
    page = client.get(address).text
    assert "Translate into English" in page
    assert "Proponemos una moneda" in page
    text = "**We propose** a currency; write to luz@example.org <script>alert(1)</script>"
    shown = client.post(address, data={"language": "en", "text": text, "preview": "1"}).text
    assert "<strong>We propose</strong>" in shown
    assert not current_translations(make.session, [post.id])
    where = keep(client, post, text=text)
    assert where == f"/threads/{post.thread_id}?translation=en"
    assert f'<a href="#post-{post.id}">See the post</a>' in client.get(where).text
    visitor = anonymous(client)
    first = visitor.get(f"/threads/{post.thread_id}?lang=en")
    page = main_of(first.text)
    before, _, folded = page.partition('<details class="original">')
    assert "Translated from Spanish by Amina Diallo" in text_of(before)
    assert '<div class="post-body" lang="en">' in before
    assert "<strong>We propose</strong>" in before
    assert "luz@example.org" not in page
    assert "<script>alert" not in page
    assert folded.startswith("<summary>The original, in Spanish")
    assert '<div class="post-body" lang="es">' in folded
    assert "Proponemos una moneda" in folded
    # A browser that has the page learns of what was written since.
    kept = {"If-None-Match": first.headers["ETag"]}
    address = f"/threads/{post.thread_id}"
    assert visitor.get(address, headers=kept).status_code == 304
    write_translation(make.session, post, "en", "We propose it.", LATER)
    make.commit()
    assert visitor.get(address, headers=kept).status_code == 200


def test_readers_of_other_languages_see_the_original_and_what_else_there_is(
    client: FlaskClient, make: Make, post: Post
) -> None:
    write_translation(make.session, post, "en", "We propose.", LATER)
    write_translation(make.session, post, "fr", "Nous proposons.", LATER)
    make.commit()
    address = f"/threads/{post.thread_id}"
    spanish = read_in(client, f"{address}?lang=es")
    assert "We propose" not in spanish
    assert "Proponemos" in spanish
    assert f'translation=fr#post-{post.id}" hreflang="fr"' in spanish
    french = read_in(client, f"{address}?lang=fr")
    assert "Nous proposons." in french
    assert "L’original, en espagnol" in french
    assert "translation=en#" in french
    assert "translation=fr#" not in french
    assert "We propose." in read_in(client, f"{address}?lang=fr&translation=en")
    written = read_in(client, f"{address}?lang=fr&translation=original")
    assert "Nous proposons." not in written
    assert "translation=fr#" in written
    assert "<details" not in written
    # Addresses of posts lead to the translation that they name, and to nothing else.
    for asked, wanted in (("fr", "?translation=fr"), ("de", ""), ("original", "")):
        where = client.get(f"/posts/{post.id}?translation={asked}").location
        assert wanted in where
        assert ("translation" in where) == (asked != "de")


def test_a_change_of_the_original_is_told(
    client: FlaskClient, make: Make, post: Post, translator: Account
) -> None:
    write_translation(make.session, post, "en", "We propose.", LATER, translator)
    post.corrections = 1
    make.commit()
    assert "The original was changed since." in read_in(client, f"/threads/{post.thread_id}")
    page = read_in(client, f"/posts/{post.id}/translate?language=en")
    assert "Its author changed the message after it was translated." in page
    number = current_translations(make.session, [post.id])[post.id]["en"].id
    keep(client, post, text="We propose.", seen=str(number), corrections="1")
    assert "was changed since" not in read_in(client, f"/threads/{post.thread_id}")


@pytest.mark.parametrize("role", ["nobody", "stranger", "subscriber"])
def test_others_read_and_cannot_write(
    client: FlaskClient, make: Make, post: Post, role: str
) -> None:
    write_translation(make.session, post, "en", "We propose.", LATER)
    if role != "nobody":
        if role == "subscriber":
            make.subscriber(post.mailing_list, "luc@example.net")
        sign_in(client, make.account("luc@example.net"))
    make.commit()
    wanted = 302 if role == "nobody" else 404
    for address in (f"/posts/{post.id}/translate", f"/posts/{post.id}/translate/undo"):
        data = {"language": "en", "text": "Something else.", "seen": "1"}
        assert client.get(address).status_code == wanted
        assert client.post(address, data=data).status_code == wanted
    assert client.get("/lists/ancrage/translate").status_code == wanted
    page = client.get(f"/threads/{post.thread_id}?lang=en").text
    assert "We propose." in page
    assert "/translate" not in page
    assert "/translate" not in client.get("/lists/ancrage/").text


def test_authors_translate_their_own_posts_alone(
    client: FlaskClient, make: Make, post: Post
) -> None:
    other = make.post(post.mailing_list, subject="Otra", text=SPANISH, author="Ana <a@x.org>")
    sign_in(client, make.account("luz@example.org", "Luz Vega"))
    make.commit()
    assert f"/posts/{post.id}/translate" in client.get(f"/threads/{post.thread_id}").text
    assert "/translate" not in client.get(f"/threads/{other.thread_id}").text
    assert client.get(f"/posts/{other.id}/translate").status_code == 404
    keep(client, post, text="We propose.")
    assert "Translated from Spanish by Luz Vega" in text_of(
        client.get(f"/threads/{post.thread_id}").text
    )


def test_what_is_not_shown_or_needs_none_has_no_such_page(
    client: FlaskClient, make: Make, post: Post, translator: Account
) -> None:
    assert client.get(f"/posts/{post.id}/translate?language=es").status_code == 404
    assert client.get(f"/posts/{post.id}/translate?language=de").status_code == 200
    assert client.get("/posts/999999/translate").status_code == 404
    hidden = make.post(post.mailing_list, subject="Oculta", text=SPANISH, author="Z <z@x.org>")
    hide(make.session, hidden, LATER)
    moderator = make.moderator(post.mailing_list)
    make.commit()
    assert client.get(f"/posts/{hidden.id}/translate").status_code == 404
    g.pop("_login_user", None)
    sign_in(client, moderator)
    assert client.get(f"/posts/{hidden.id}/translate").status_code == 404
    remove(make.session, post, LATER, reason="Une adresse.")
    make.commit()
    assert client.get(f"/posts/{post.id}/translate").status_code == 404
    assert "/translate" not in client.get(f"/threads/{post.thread_id}").text


def test_what_another_wrote_meanwhile_is_shown_and_one_s_own_text_kept(
    client: FlaskClient, make: Make, post: Post, translator: Account
) -> None:
    write_translation(make.session, post, "en", "The first.", LATER)
    make.commit()
    address = f"/posts/{post.id}/translate"
    data = {"language": "en", "seen": "0", "text": "The second."}
    answer = client.post(address, data=data)
    assert answer.status_code == 400
    assert "Somebody else has changed the translation" in answer.text
    assert "The first." in answer.text
    assert "The second.</textarea>" in answer.text
    # A preview, or a text that is refused for another reason, does not hide it.
    preview = client.post(address, data={**data, "preview": "1"})
    assert 'name="seen" value="0"' in preview.text
    too_long = client.post(address, data={**data, "text": "x" * 200_001})
    assert too_long.status_code == 400
    assert 'name="seen" value="0"' in too_long.text
    assert 'name="seen" value="0"' not in answer.text
    assert "at most 200000 characters" in too_long.text
    for bad in ({"language": "de"}, {"seen": "-5"}, {"seen": "9" * 40}, {"corrections": "x"}):
        assert client.post(address, data={**data, **bad}).status_code < 500


def test_a_translator_takes_their_last_version_back(
    client: FlaskClient, make: Make, post: Post, translator: Account
) -> None:
    keep(client, post, text="First.")
    first, *_ = translations_of(make.session, post.id, "en")
    keep(client, post, text="Too fast.", seen=str(first.id))
    page = client.get(f"/threads/{post.thread_id}").text
    address = f"/posts/{post.id}/translate/undo"
    assert f'{address}?language=en">Undo</a>' in page
    assert "Take the translation back" in client.get(f"{address}?language=en").text
    newest, *_ = translations_of(make.session, post.id, "en")
    data = {"language": "en", "version": str(newest.id)}
    answer = client.post(address, data=data)
    assert "The translation is taken back." in answer.text
    assert "Too fast.</textarea>" in answer.text
    # Sent again by a page that is loaded anew, it takes back nothing more.
    again = client.post(address, data=data)
    assert "Take the translation back" in again.text and "is taken back" not in again.text
    page = client.get(f"/threads/{post.thread_id}?translation=en").text
    assert "First." in page and "Too fast." not in page
    assert client.post(address, data={**data, "version": str(first.id)}).status_code == 200
    assert client.get(f"{address}?language=en").status_code == 404
    # What somebody else wrote is not theirs to take back, but the moderators'.
    write_translation(make.session, post, "en", "By another.", LATER)
    moderator = make.moderator(post.mailing_list)
    make.commit()
    assert client.post(address, data={"language": "en"}).status_code == 404
    g.pop("_login_user", None)
    sign_in(client, moderator)
    assert client.post(address, data={"language": "en"}).status_code == 200


def test_who_takes_back_what_has_left_is_told(
    client: FlaskClient, make: Make, post: Post, translator: Account
) -> None:
    def take_back() -> str:
        newest, *_ = translations_of(make.session, post.id, "en")
        data = {"language": "en", "version": str(newest.id)}
        return client.post(f"/posts/{post.id}/translate/undo", data=data).text

    keep(client, post, text="Too fast.")
    assert "by mail already" not in take_back()
    reader = make.subscriber(post.mailing_list, language="en")
    make.session.add(
        Delivery(
            post_id=post.id, subscription_id=reader.id, translation="en", state=SendState.SENT,
            queued_at=LATER, due_at=LATER, sent_at=LATER,
        )
    )  # fmt: skip
    make.commit()
    keep(client, post, text="Too fast again.")
    assert "Some people have received it by mail already." in take_back()


def test_a_moderator_takes_it_back_from_the_log(
    client: FlaskClient, make: Make, post: Post
) -> None:
    write_translation(make.session, post, "en", "Too fast.", LATER)
    sign_in(client, make.moderator(post.mailing_list))
    make.commit()
    assert "is translated into English." in client.get(f"/threads/{post.thread_id}").text
    number = make.session.query(AuditEntry.id).filter_by(action="translate").scalar()
    answer = client.post("/moderation/audit/ancrage", data={"undo": str(number)})
    assert answer.status_code == 303
    assert "Too fast." not in main_of(client.get(f"/threads/{post.thread_id}").text)


def test_who_has_ten_minutes_finds_what_waits(
    client: FlaskClient, make: Make, post: Post, translator: Account
) -> None:
    assert 'href="/lists/ancrage/translate"' in client.get("/lists/ancrage/").text
    page = client.get("/lists/ancrage/translate").text
    assert f"/posts/{post.id}/translate?language=en" in page
    assert "about 13 words" in page
    spanish = client.get("/lists/ancrage/translate?language=es").text
    assert "nothing left to translate" in spanish
    write_translation(make.session, post, "en", "We propose.", LATER)
    make.commit()
    assert f"/posts/{post.id}/translate" not in client.get("/lists/ancrage/translate").text
    older = client.get(f"/lists/ancrage/translate?before={post.id}&language=fr").text
    assert "There is nothing older." in older
    unknown = client.get("/lists/ancrage/translate?before=99999&language=fr")
    assert f"/posts/{post.id}/translate" in unknown.text


def test_pages_without_translations_ask_nothing_more(
    client: FlaskClient, make: Make, post: Post
) -> None:
    address = f"/threads/{post.thread_id}?lang=en"

    def queries(*, translated: bool) -> int:
        asked: list[str] = []
        make.session.expunge_all()

        def listen(*given: Any) -> None:
            asked.append(given[2])

        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            client.get(address)
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        assert any("post_translation" in one for one in asked) == translated
        return sum(one.startswith("SELECT") for one in asked)

    without = queries(translated=False)
    post = make.session.get_one(Post, post.id)
    write_translation(make.session, post, "en", "We propose.", LATER)
    make.commit()
    assert queries(translated=True) == without + 1


def test_the_api_gives_them_with_the_post(
    client: FlaskClient, make: Make, post: Post, translator: Account
) -> None:
    address = f"/api/v1/posts/{post.id}"
    assert client.get(address).get_json()["translations"] == []
    write_translation(make.session, post, "fr", "Écrire à luz@example.org.", LATER, translator)
    make.commit()
    (told,) = client.get(address).get_json()["translations"]
    assert "luz@example.org" not in told.pop("html")
    assert "luz@example.org" not in told.pop("text")
    assert told == {
        "language": "fr",
        "translator": {"name": "Amina Diallo"},
        "date": "2010-03-31T09:00:00Z",
        "url": f"http://forum.example.org/posts/{post.id}?translation=fr",
    }
    thread = client.get(f"/api/v1/threads/{post.thread_id}").get_json()
    assert [one["language"] for one in thread["posts"][0]["translations"]] == ["fr"]
