"""The synthesis of a thread: versions, translations, undoing, and words that must go."""

from __future__ import annotations

import pytest

from forum.domain.curation import Refusal
from forum.operations.curation import Refused
from forum.operations.curation_placing import split
from forum.operations.curation_removing import remove
from forum.operations.curation_undoing import undo
from forum.operations.synthesis import (
    languages_to_translate,
    original_of,
    typed_text,
    write_synthesis,
)
from forum.operations.synthesis_sending import send_synthesis
from forum.storage.archive import Post
from forum.storage.people import Account
from forum.storage.synthesis import (
    SynthesisVersion,
    current_versions,
    posts_since,
    versions_of,
)
from tests.factories import Make
from tests.operations.test_curation import LATER, Talk

MANY = 1_000_000


@pytest.fixture
def talk(make: Make) -> Talk:
    """A thread: `a .b ..c`, and its moderator's list."""
    talk = Talk(make, make.mailing_list())
    talk.say("a")
    talk.say("b", "a")
    talk.say("c", "a", "b")
    return talk


def shown(talk: Talk) -> dict[str, str]:
    """What readers see, by language."""
    versions = current_versions(talk.session, talk.thread("a").id)
    return {language: one.text for language, one in versions.items()}


def version(talk: Talk, language: str = "fr") -> SynthesisVersion:
    return current_versions(talk.session, talk.thread("a").id)[language]


def test_each_version_is_kept_and_undoing_brings_the_one_before_back(talk: Talk) -> None:
    thread, session = talk.thread("a"), talk.session
    first = write_synthesis(session, thread, "fr", "D’abord.", LATER)
    second = write_synthesis(session, thread, "fr", "Ensuite.", LATER)
    assert shown(talk) == {"fr": "Ensuite."}
    assert len(versions_of(session, thread.id, "fr")) == 2
    with pytest.raises(Refused) as refused:
        undo(session, first.id, LATER)
    assert refused.value.refusal is Refusal.LATER_DECISION
    assert refused.value.number == second.id
    undo(session, second.id, LATER)
    assert shown(talk) == {"fr": "D’abord."}
    undo(session, first.id, LATER)
    assert shown(talk) == {}
    assert len(versions_of(session, thread.id, "fr")) == 2


def test_an_empty_text_takes_it_away_and_undoing_brings_it_back(talk: Talk) -> None:
    thread, session = talk.thread("a"), talk.session
    write_synthesis(session, thread, "fr", "Nous avançons.", LATER)
    away = write_synthesis(session, thread, "fr", "  \n", LATER)
    assert shown(talk) == {}
    undo(session, away.id, LATER)
    assert shown(talk) == {"fr": "Nous avançons."}


def test_what_is_written_in_another_language_translates_it(talk: Talk) -> None:
    thread, session = talk.thread("a"), talk.session
    assert languages_to_translate(current_versions(session, thread.id)) == ()
    write_synthesis(session, thread, "fr", "Nous avançons.", LATER)
    assert languages_to_translate(current_versions(session, thread.id)) == ("en", "es")
    english = write_synthesis(session, thread, "en", "We move on.", LATER)
    assert version(talk, "en").source_id == version(talk, "fr").id
    # The other language stands in nobody's way.
    write_synthesis(session, thread, "fr", "Nous reculons.", LATER)
    original = original_of(current_versions(session, thread.id))
    assert original is not None
    assert original.language == "fr"
    assert version(talk, "en").source_id != original.id
    # Who finds that it says the same still keeps it as it is.
    write_synthesis(session, thread, "en", "We move on.", LATER)
    assert version(talk, "en").source_id == original.id
    with pytest.raises(Refused):
        undo(session, english.id, LATER)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("Nous avançons.", Refusal.NOTHING_CHANGES),
        ("x" * 20_001, Refusal.LONG_SYNTHESIS),
    ],
)
def test_what_cannot_be_kept_is_refused(talk: Talk, text: str, refusal: Refusal) -> None:
    write_synthesis(talk.session, talk.thread("a"), "fr", "Nous avançons.", LATER)
    with pytest.raises(Refused) as refused:
        write_synthesis(talk.session, talk.thread("a"), "fr", text, LATER)
    assert refused.value.refusal is refusal
    with pytest.raises(Refused):
        write_synthesis(talk.session, talk.thread("a"), "es", "", LATER)


def test_of_two_moderators_the_second_is_told(talk: Talk) -> None:
    thread, session = talk.thread("a"), talk.session
    write_synthesis(session, thread, "fr", "La première.", LATER, seen=0)
    with pytest.raises(Refused) as refused:
        write_synthesis(session, thread, "fr", "La seconde.", LATER, seen=0)
    assert refused.value.refusal is Refusal.CHANGED_MEANWHILE
    write_synthesis(session, thread, "fr", "La seconde.", LATER, seen=version(talk).id)
    assert shown(talk) == {"fr": "La seconde."}


def test_numbers_follow_their_posts(talk: Talk) -> None:
    thread, session, third = talk.thread("a"), talk.session, talk.post("c")
    write_synthesis(session, thread, "fr", "Voir #3, et #9.", LATER)
    assert shown(talk) == {"fr": f"Voir [#3](/posts/{third.id}), et #9."}
    assert f'<a href="/posts/{third.id}"' in version(talk).html
    split(session, talk.post("b"), LATER, alone=True)
    session.flush()
    assert talk.post("c").thread_id == thread.id
    assert typed_text(session, version(talk)) == "Voir #2, et #9."


def test_later_posts_are_counted(talk: Talk) -> None:
    write_synthesis(
        talk.session, talk.thread("a"), "fr", "Nous avançons.", talk.post("c").arrived_at
    )
    assert posts_since(talk.session, version(talk)) == 0
    talk.say("d", "a")
    talk.say("e", "a")
    assert posts_since(talk.session, version(talk)) == 2


def moderator(talk: Talk) -> Account:
    return talk.make.moderator(talk.mailing_list, "lila@example.net", name="Lila Costa")


def sent(talk: Talk, account: Account) -> Post:
    send_synthesis(
        talk.session, version(talk), account, LATER,
        heading="Synthèse de ce fil", site_url="http://forum.example.org", max_bytes=MANY,
    )  # fmt: skip
    post = talk.session.get(Post, version(talk).post_id)
    assert post is not None
    return post


def test_it_is_sent_once_as_a_post_of_its_author(talk: Talk) -> None:
    thread, account = talk.thread("a"), moderator(talk)
    write_synthesis(talk.session, thread, "fr", "Voir #3 et la suite du travail.", LATER, account)
    other = talk.make.moderator(talk.mailing_list)
    with pytest.raises(Refused):
        sent(talk, other)
    post = sent(talk, account)
    assert (post.thread_id, post.author_id, post.parent_id) == (
        thread.id, account.author_id, talk.post("a").id,
    )  # fmt: skip
    text = "\n".join(part.text for part in post.segments)
    assert "**Synthèse de ce fil**" in text
    assert f"[#3](http://forum.example.org/posts/{talk.post('c').id})" in text
    with pytest.raises(Refused) as refused:
        sent(talk, account)
    assert refused.value.refusal is Refusal.SENT_ALREADY
    # It is not news to itself.
    assert posts_since(talk.session, version(talk)) == 0


def test_removing_a_post_empties_what_quotes_it_and_leaves_what_names_it(talk: Talk) -> None:
    thread, session = talk.thread("a"), talk.session
    write_synthesis(
        session, thread, "fr", "Il dit : « Ce que b propose pour la rencontre de printemps »", LATER
    )
    write_synthesis(session, thread, "en", "What #2 says.", LATER)
    remove(session, talk.post("b"), LATER, reason="Des données privées.")
    assert set(shown(talk)) == {"en"}
    kept = versions_of(session, thread.id, "fr")
    assert [(one.text, one.html) for one in kept] == [("", "")]


def test_removing_the_post_it_was_sent_as_empties_it(talk: Talk) -> None:
    thread, account = talk.thread("a"), moderator(talk)
    write_synthesis(talk.session, thread, "fr", "Court.", LATER, account)
    remove(talk.session, sent(talk, account), LATER, reason="Une erreur.")
    assert shown(talk) == {}
