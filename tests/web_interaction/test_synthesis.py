"""The synthesis on the pages: read by all, written by moderators, translated by translators."""

from __future__ import annotations

import pytest
from flask import g
from flask.testing import FlaskClient
from flask_babel import refresh

from forum.operations.lists import grant_role
from forum.operations.synthesis import write_synthesis
from forum.storage.archive import Post, Thread
from forum.storage.audit import AuditEntry
from forum.storage.people import Account
from forum.storage.synthesis import current_versions
from tests.factories import START, Make
from tests.operations.test_curation import LATER, Talk
from tests.web.signing import sign_in
from tests.web_interaction.conftest import text_of


@pytest.fixture
def talk(make: Make) -> Talk:
    """A thread: `a .b ..c`."""
    talk = Talk(make, make.mailing_list())
    talk.say("a")
    talk.say("b", "a")
    talk.say("c", "a", "b")
    make.commit()
    return talk


@pytest.fixture
def moderator(client: FlaskClient, make: Make, talk: Talk) -> Account:
    account = make.moderator(talk.mailing_list, "ines@example.net", name="Inès Haddad")
    make.commit()
    sign_in(client, account)
    return account


def read_in(client: FlaskClient, address: str) -> str:
    """A page in the language that its address names: the one before is not kept for it."""
    refresh()
    return client.get(address).text


def keep(client: FlaskClient, thread: Thread, **data: str) -> str:
    data = {"language": "fr", "seen": "0", **data}
    answer = client.post(f"/threads/{thread.id}/synthesis", data=data)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_a_moderator_writes_it_and_all_read_it_above_the_posts(
    client: FlaskClient, make: Make, talk: Talk, moderator: Account
) -> None:
    thread, third = talk.thread("a"), talk.post("c")
    address = f"/threads/{thread.id}/synthesis"
    assert address in client.get(f"/threads/{thread.id}").text
    text = "**Accord** sur #3 ; écrire à awa@example.org <script>alert(1)</script>"
    shown = client.post(address, data={"language": "fr", "seen": "0", "text": text, "preview": "1"})
    assert f'<a href="/posts/{third.id}"' in shown.text
    assert not current_versions(make.session, thread.id)
    where = keep(client, thread, text=text)
    assert where == f"/threads/{thread.id}?synthesis=fr#synthesis"
    g.pop("_login_user", None)
    page = client.application.test_client().get(f"/threads/{thread.id}?lang=en").text
    before, _, after = page.partition('<ol class="posts"')
    assert "<strong>Accord</strong>" in before
    assert "by Inès Haddad" in before
    assert f'<a href="/posts/{third.id}"' in before
    assert "awa@example.org" not in page
    assert "<script>alert" not in page
    assert "Accord" not in after


def test_readers_get_their_language_and_the_others_a_click_away(
    client: FlaskClient, make: Make, talk: Talk
) -> None:
    thread = talk.thread("a")
    write_synthesis(make.session, thread, "fr", "Nous avançons.", LATER)
    write_synthesis(make.session, thread, "es", "Avanzamos.", LATER)
    make.commit()
    address = f"/threads/{thread.id}"
    english = read_in(client, f"{address}?lang=en")
    assert "Nous avançons." in english
    assert "synthesis=es" in english
    spanish = read_in(client, f"{address}?lang=es")
    assert "Avanzamos." in spanish
    assert "traducido del" in spanish
    assert "Nous avançons." in client.get(f"{address}?synthesis=fr").text
    write_synthesis(make.session, thread, "fr", "Nous reculons.", LATER)
    make.post(
        talk.mailing_list, text="Une suite à tout cela.\n", references="a@example.org",
        subject="Re: Bus",
    ).arrived_at = LATER.replace(year=2012)  # fmt: skip
    make.commit()
    spanish = read_in(client, f"{address}?lang=en&synthesis=es")
    assert "The text that it translates was changed since." in spanish
    assert "1 post since" in spanish


def test_translators_write_the_other_languages_alone(
    client: FlaskClient, make: Make, talk: Talk
) -> None:
    thread = talk.thread("a")
    account = make.account("vera@example.net", "Vera Lima")
    grant_role(make.session, talk.mailing_list, account, "translator", START)
    make.commit()
    sign_in(client, account)
    address = f"/threads/{thread.id}/synthesis"
    assert client.get(address).status_code == 404
    write_synthesis(make.session, thread, "fr", "Nous avançons.", LATER)
    make.commit()
    assert "Translate the synthesis" in client.get(f"/threads/{thread.id}").text
    assert "Nous avançons." in client.get(f"{address}?language=es").text
    assert client.get(f"{address}?language=fr").status_code == 404
    refused = client.post(address, data={"language": "fr", "text": "Rien.", "seen": "0"})
    assert refused.status_code == 404
    keep(client, thread, language="es", text="Avanzamos.")
    make.session.expire_all()
    spanish = current_versions(make.session, thread.id)["es"]
    assert spanish.author == "Vera Lima"
    assert "Undo" not in client.get(f"/threads/{thread.id}").text


@pytest.mark.parametrize("role", ["nobody", "stranger", "subscriber"])
def test_others_read_and_cannot_write(
    client: FlaskClient, make: Make, talk: Talk, role: str
) -> None:
    thread = talk.thread("a")
    write_synthesis(make.session, thread, "fr", "Nous avançons.", LATER)
    if role != "nobody":
        if role == "subscriber":
            make.subscriber(talk.mailing_list, "luc@example.net")
        sign_in(client, make.account("luc@example.net"))
    make.commit()
    wanted = 302 if role == "nobody" else 404
    for address in (f"/threads/{thread.id}/synthesis", f"/threads/{thread.id}/synthesis/send"):
        data = {"language": "fr", "text": "Autre chose.", "seen": "1"}
        assert client.get(address).status_code == wanted
        assert client.post(address, data=data).status_code == wanted
    page = client.get(f"/threads/{thread.id}").text
    assert "Nous avançons." in page
    assert f"/threads/{thread.id}/synthesis" not in page


def test_what_another_wrote_meanwhile_is_shown_and_one_s_own_text_kept(
    client: FlaskClient, make: Make, talk: Talk, moderator: Account
) -> None:
    thread = talk.thread("a")
    write_synthesis(make.session, thread, "fr", "La première.", LATER)
    make.commit()
    address = f"/threads/{thread.id}/synthesis"
    data = {"language": "fr", "seen": "0", "text": "La seconde."}
    answer = client.post(address, data=data)
    assert answer.status_code == 400
    assert "Somebody else has changed the synthesis" in answer.text
    assert "La première." in answer.text
    assert "La seconde.</textarea>" in answer.text
    # A preview, or a text that is refused for another reason, does not hide it.
    preview = client.post(address, data={**data, "preview": "1"})
    assert 'name="seen" value="0"' in preview.text
    too_long = client.post(address, data={**data, "text": "x" * 20_001})
    assert too_long.status_code == 400
    assert 'name="seen" value="0"' in too_long.text
    assert 'name="seen" value="0"' not in answer.text
    assert "at most 20000 characters" in too_long.text
    for bad in ({"language": "de"}, {"language": ""}, {"seen": "-5"}, {"seen": "9" * 40}):
        assert client.post(address, data={**data, **bad}).status_code < 500


def test_it_is_taken_back_from_the_log(
    client: FlaskClient, make: Make, talk: Talk, moderator: Account
) -> None:
    thread = talk.thread("a")
    keep(client, thread, text="Trop vite.")
    assert "The synthesis is written in French." in client.get(f"/threads/{thread.id}").text
    number = make.session.query(AuditEntry.id).filter_by(action="synthesis").scalar()
    answer = client.post("/moderation/audit/ancrage", data={"undo": str(number)})
    assert answer.status_code == 303
    page = client.get(f"/threads/{thread.id}").text
    assert "Trop vite." not in page
    assert "Trop vite." in client.get(f"/threads/{thread.id}/synthesis?language=fr").text


def test_a_second_button_sends_it_and_says_to_how_many(
    client: FlaskClient, make: Make, talk: Talk, moderator: Account
) -> None:
    thread = talk.thread("a")
    make.subscriber(talk.mailing_list, "luc@example.net")
    make.commit()
    keep(client, thread, text="Accord sur les horaires du bus.")
    address = f"/threads/{thread.id}/synthesis/send"
    assert address in client.get(f"/threads/{thread.id}").text
    asked = client.get(f"{address}?language=fr").text
    assert "1 person by mail: FR French 1 ." in text_of(asked)
    assert make.session.query(Post).filter_by(thread_id=thread.id).count() == 3
    answer = client.post(address, data={"language": "fr"})
    assert answer.status_code == 303
    assert "#post-" in answer.location
    again = client.post(address, data={"language": "fr"})
    assert again.status_code == 400
    assert "was sent to the list already" in again.text
    assert make.session.query(Post).filter_by(thread_id=thread.id).count() == 4
    assert address not in client.get(f"/threads/{thread.id}").text
    # Of a colleague's synthesis there is no such button.
    g.pop("_login_user", None)
    sign_in(client, make.moderator(talk.mailing_list, "omar@example.net"))
    make.commit()
    assert client.get(f"{address}?language=fr").status_code == 404


def test_the_api_gives_it_with_the_thread(client: FlaskClient, make: Make, talk: Talk) -> None:
    thread = talk.thread("a")
    address = f"/api/v1/threads/{thread.id}"
    assert client.get(address).get_json()["synthesis"] == []
    lila = make.account("lila@example.net", "Lila Costa")
    write_synthesis(make.session, thread, "fr", "Voir lila@example.net.", LATER, lila)
    write_synthesis(make.session, thread, "en", "See #2.", LATER)
    make.commit()
    french, english = client.get(address).get_json()["synthesis"]
    assert french["language"] == "fr"
    assert french["author"] == {"name": "Lila Costa"}
    assert french["written_at"] == "2010-03-31T09:00:00Z"
    assert french["translated_from"] is None
    assert french["posts_since"] == 0
    assert "lila@example.net" not in str(french)
    assert english["translated_from"] == "fr"
    assert english["text"] == f"See [#2](/posts/{talk.post('b').id})."
    assert "<a href=" in english["html"]
