"""Translations of posts: versions, undoing, refusals, and words that must go."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from forum.domain.curation import Refusal
from forum.operations.curation import Refused
from forum.operations.curation_authors import edit
from forum.operations.curation_moving import move
from forum.operations.curation_placing import split
from forum.operations.curation_posts import hide
from forum.operations.curation_removing import remove
from forum.operations.curation_undoing import undo
from forum.operations.erasing import erase
from forum.operations.posting import Posted
from forum.operations.translation import languages_to_translate, write_translation
from forum.operations.writing import write_post
from forum.storage.archive import Post
from forum.storage.mail import IndexQueue
from forum.storage.people import address_of
from forum.storage.translations import (
    PostTranslation,
    current_translations,
    translation_rows,
    translations_of,
)
from forum.storage.untranslated import POSTS_A_PAGE, untranslated_posts
from tests.factories import START, Make
from tests.operations.test_curation import LATER

SPANISH = "Proponemos una moneda local para el mercado del barrio, con reglas muy sencillas.\n"
TRILINGUAL = (
    "Nous proposons une monnaie locale pour le marché du quartier, avec des règles simples.\n\n"
    "We propose a local currency for the market of the district, with rules that are simple.\n"
)


@pytest.fixture
def post(make: Make) -> Post:
    return make.post(make.mailing_list(), text=SPANISH, author="Luz Vega <luz@example.org>")


def shown(make: Make, post: Post) -> dict[str, str]:
    """What stands, by language."""
    found = current_translations(make.session, [post.id]).get(post.id, {})
    return {language: one.text for language, one in found.items()}


def test_each_version_is_kept_and_undoing_brings_the_one_before_back(
    make: Make, post: Post
) -> None:
    session = make.session
    first = write_translation(session, post, "fr", "D’abord.", LATER)
    second = write_translation(session, post, "fr", "Ensuite.", LATER)
    write_translation(session, post, "en", "First.", LATER)
    assert shown(make, post) == {"fr": "Ensuite.", "en": "First."}
    assert post.translated_into == "fr,en"
    with pytest.raises(Refused) as refused:
        undo(session, first.id, LATER)
    assert refused.value.refusal is Refusal.LATER_DECISION
    assert refused.value.number == second.id
    # The other language stands in nobody's way.
    undo(session, second.id, LATER)
    assert shown(make, post)["fr"] == "D’abord."
    undo(session, first.id, LATER)
    assert post.translated_into == "en"
    assert len(translations_of(session, post.id, "fr")) == 2


def test_an_empty_text_takes_it_away_and_undoing_brings_it_back(make: Make, post: Post) -> None:
    write_translation(make.session, post, "fr", "Nous proposons.", LATER)
    away = write_translation(make.session, post, "fr", "  \n", LATER)
    assert (shown(make, post), post.translated_into) == ({}, "")
    undo(make.session, away.id, LATER)
    assert (shown(make, post), post.translated_into) == ({"fr": "Nous proposons."}, "fr")


def test_it_is_shown_as_posts_are(make: Make, post: Post) -> None:
    text = "## Les règles\n\nVraiment ? Écrire à luz@example.org <script>alert(1)</script>"
    write_translation(make.session, post, "fr", text, LATER)
    (row,) = translation_rows(make.session, [post.id], ["fr"], masked=False)[post.id]
    assert '<div class="segment reply" lang="fr">' in row.html
    assert "<h4>Les règles</h4>" in row.html
    assert "Vraiment\u202f?" in row.html
    assert "<script" not in row.html
    assert "luz@example.org" in row.html
    (masked,) = translation_rows(make.session, [post.id], ["fr", "en"], masked=True)[post.id]
    assert "luz@example.org" not in masked.html


@pytest.mark.parametrize(
    ("language", "text", "refusal"),
    [
        ("fr", "Nous proposons.", Refusal.NOTHING_CHANGES),
        ("en", "", Refusal.NOTHING_CHANGES),
        ("en", " \N{ZERO WIDTH SPACE}\x00\r\n", Refusal.NOTHING_CHANGES),
        ("fr", "x" * 200_001, Refusal.LONG_TRANSLATION),
        ("es", "Proponemos.", Refusal.OWN_LANGUAGE),
    ],
)
def test_what_cannot_be_kept_is_refused(
    make: Make, post: Post, language: str, text: str, refusal: Refusal
) -> None:
    write_translation(make.session, post, "fr", "Nous proposons.", LATER)
    with pytest.raises(Refused) as refused:
        write_translation(make.session, post, language, text, LATER)
    assert refused.value.refusal is refusal


def test_control_characters_are_not_kept(make: Make, post: Post) -> None:
    write_translation(make.session, post, "fr", "Nous\x00 \udcffproposons.\rVraiment.", LATER)
    assert shown(make, post) == {"fr": "Nous \N{REPLACEMENT CHARACTER}proposons.\nVraiment."}


def test_what_is_not_shown_is_not_translated(make: Make, post: Post) -> None:
    hide(make.session, post, LATER)
    with pytest.raises(Refused) as refused:
        write_translation(make.session, post, "fr", "Nous proposons.", LATER)
    assert refused.value.refusal is Refusal.NOT_SHOWN
    assert languages_to_translate(make.session, post) == ()


def test_of_two_translators_the_second_is_told(make: Make, post: Post) -> None:
    session = make.session
    write_translation(session, post, "fr", "La première.", LATER, seen=0)
    with pytest.raises(Refused) as refused:
        write_translation(session, post, "fr", "La seconde.", LATER, seen=0)
    assert refused.value.refusal is Refusal.TRANSLATED_MEANWHILE
    number = translations_of(session, post.id, "fr")[0].id
    write_translation(session, post, "fr", "La seconde.", LATER, seen=number)
    assert shown(make, post) == {"fr": "La seconde."}


def test_a_post_is_translated_into_the_languages_it_lacks(make: Make, post: Post) -> None:
    ancrage = post.mailing_list
    assert languages_to_translate(make.session, post) == ("fr", "en")
    both = make.post(ancrage, subject="Deux langues", text=TRILINGUAL)
    assert languages_to_translate(make.session, both) == ("es",)
    other = make.post(ancrage, subject="Uma pergunta", text="Uma pergunta sobre o mercado.\n")
    other.language = "pt"
    assert languages_to_translate(make.session, other) == ("fr", "en", "es")
    quoting = make.post(
        ancrage, subject="Sans mot", text="Ana a écrit :\n> Bonjour.\n> À bientôt.\n"
    )
    assert languages_to_translate(make.session, quoting) == ()


def test_a_change_of_the_original_is_told_until_somebody_has_compared(make: Make) -> None:
    session, ancrage = make.session, make.mailing_list()
    account = make.account("luz@example.org", name="Luz Vega")
    make.subscriber(ancrage, "luz@example.org")
    written = write_post(
        session, ancrage, account, subject_line="Moneda", text=SPANISH, now=START, max_bytes=10**6
    )
    assert isinstance(written, Posted)
    post = session.get_one(Post, written.post_id)
    write_translation(session, post, "fr", "Nous proposons.", START)
    edit(session, post, account, SPANISH + "\nY nada más.", START, max_bytes=10**6)
    (row,) = translation_rows(session, [post.id], ["fr"], masked=False)[post.id]
    assert row.corrections < post.corrections
    # What was read before the change does not count as compared.
    with pytest.raises(Refused):
        write_translation(session, post, "fr", "Nous proposons.", LATER, corrections=0)
    write_translation(session, post, "fr", "Nous proposons.", LATER, corrections=1)
    (row,) = translation_rows(session, [post.id], ["fr"], masked=False)[post.id]
    assert row.corrections == post.corrections


def test_it_stays_with_its_post_in_other_threads_and_lists(make: Make, post: Post) -> None:
    session = make.session
    answer = make.post(
        post.mailing_list, text="No estamos de acuerdo: preferimos otras reglas más claras.\n",
        subject="Re: Monnaies locales",
        in_reply_to=post.message_id, author="Ana Ruiz <ana@example.net>",
    )  # fmt: skip
    kept = write_translation(session, answer, "fr", "Une réponse.", LATER)
    split(session, answer, LATER)
    move(session, answer.thread, make.mailing_list("autre"), LATER)
    session.flush()
    assert (shown(make, answer), answer.translated_into) == ({"fr": "Une réponse."}, "fr")
    undo(session, kept.id, LATER)
    assert answer.translated_into == ""


def test_removing_a_post_for_good_takes_its_translations(make: Make, post: Post) -> None:
    kept = write_translation(make.session, post, "fr", "Nous proposons.", LATER)
    remove(make.session, post, LATER, reason="Des données privées.")
    assert make.session.scalars(select(PostTranslation)).all() == []
    assert post.translated_into == ""
    with pytest.raises(Refused) as refused:
        undo(make.session, kept.id, LATER)
    assert refused.value.refusal is Refusal.IS_REMOVED


def test_an_erased_person_leaves_what_was_translated_of_them_and_by_them(
    make: Make, post: Post
) -> None:
    session = make.session
    luz = make.account("luz@example.org", name="Luz Vega")
    other = make.post(make.mailing_list("autre"), text=SPANISH, author="Ana <ana@example.net>")
    write_translation(session, post, "fr", "Luz Vega propose.", LATER)
    write_translation(session, other, "fr", "Proposé par Ana (trad. Luz Vega).", LATER, luz)
    session.execute(delete(IndexQueue))
    address = address_of(session, "luz@example.org")
    assert address is not None
    erase(session, address.author, LATER)
    session.expire_all()
    assert {post.id, other.id} <= set(session.scalars(select(IndexQueue.post_id)))
    rows = session.scalars(select(PostTranslation).order_by(PostTranslation.id)).all()
    assert [row.text for row in rows] == ["[…] propose.", "Proposé par Ana (trad. […])."]
    assert [row.translator for row in rows] == ["", ""]
    assert all("Vega" not in row.html and "[…]" in row.html for row in rows)


def test_what_nobody_translated_is_listed_newest_first(make: Make, post: Post) -> None:
    session, ancrage = make.session, post.mailing_list
    newer = make.post(ancrage, subject="Otra", text=SPANISH, author="Ana <ana@example.net>")
    make.post(ancrage, subject="En français")
    make.post(ancrage, subject="Deux langues", text=TRILINGUAL)
    hide(session, make.post(ancrage, subject="Oculta", text=SPANISH, author="Z <z@x.org>"), LATER)
    make.post(make.mailing_list("autre"), text=SPANISH)
    found = untranslated_posts(session, ancrage.id, "fr")
    assert [one.id for one in found] == [newer.id, post.id]
    assert (found[1].author, found[1].language, found[1].words) == ("Luz Vega", "es", 13)
    assert [one.id for one in untranslated_posts(session, ancrage.id, "fr", newer.id)] == [post.id]
    write_translation(session, newer, "fr", "Une autre.", LATER)
    assert [one.id for one in untranslated_posts(session, ancrage.id, "fr")] == [post.id]
    assert len(untranslated_posts(session, ancrage.id, "es")) == 2


def test_a_page_of_them_has_an_end(make: Make, post: Post) -> None:
    for number in range(POSTS_A_PAGE + 1):
        make.post(post.mailing_list, subject=f"Otra {number}", text=f"{number}. {SPANISH}")
    first = untranslated_posts(make.session, post.mailing_list_id, "fr")
    assert len(first) == POSTS_A_PAGE + 1
    rest = untranslated_posts(make.session, post.mailing_list_id, "fr", first[-2].id)
    assert [one.id for one in rest] == [first[-1].id, post.id]
