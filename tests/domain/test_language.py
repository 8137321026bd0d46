"""Languages of segments and posts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.body import segment
from forum.domain.language import detect, tag_languages
from forum.domain.values import MULTIPLE, UNDETERMINED, Role, Segment

FRENCH = (
    "Nous nous retrouverons jeudi soir à la bibliothèque pour préparer la fête du quartier, "
    "et chacun pourra proposer une idée ou apporter un livre qu'il aime beaucoup."
)
ENGLISH = (
    "We shall meet at the library on Thursday evening to prepare the street party, and everyone "
    "may bring an idea or a book which they would like to share with the others."
)
SPANISH = (
    "Nos encontraremos el jueves por la tarde en la biblioteca para preparar la fiesta del "
    "barrio, y cada uno podrá proponer una idea o traer un libro que le guste mucho."
)


def own(text: str) -> tuple[Segment, ...]:
    return (Segment(Role.REPLY, text),)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (FRENCH, "fr"),
        (ENGLISH, "en"),
        (SPANISH, "es"),
        ("Ens trobarem dijous al vespre a la biblioteca per preparar la festa del barri, i "
         "cadascú podrà proposar una idea o portar un llibre que li agradi molt.", "ca"),
        ("Vamos nos encontrar na quinta-feira à noite na biblioteca para preparar a festa do "
         "bairro, e cada um poderá trazer uma ideia ou um livro de que goste muito.", "pt"),
        ("Wir treffen uns am Donnerstagabend in der Bücherei, um das Fest vorzubereiten.", "de"),
        ("Ci vediamo giovedì sera in biblioteca per preparare la festa del quartiere.", "it"),
    ],
)  # fmt: skip
def test_a_sentence_tells_its_language(text: str, language: str) -> None:
    guess = detect(text)
    assert guess.language == language
    assert guess.reliable


@pytest.mark.parametrize(
    "text",
    ["", "   ", "12 + 30 = 42", "…!?", "Привет, друзья, как дела?", "こんにちは", "Γειά σας"],
)
def test_a_text_without_latin_words_is_undetermined(text: str) -> None:
    assert detect(text).language == UNDETERMINED
    segments, post = tag_languages(own(text), declared=None, inherited=("fr",))
    assert {part.language for part in segments} == {UNDETERMINED}
    assert post == UNDETERMINED


def test_links_and_addresses_do_not_count_as_words() -> None:
    assert detect("https://example.org/the/way/of/all/things anne@example.org").words == 0


def test_a_short_text_follows_the_thread_then_the_author() -> None:
    for inherited, expected in (((), "fr"), (("es", "en"), "es"), (("mul", "und", "en"), "en")):
        segments, post = tag_languages(own("Merci beaucoup !"), declared=None, inherited=inherited)
        assert (segments[0].language, post) == (expected, expected)


def test_a_short_piece_follows_the_rest_of_its_post() -> None:
    parts = (
        Segment(Role.REPLY, FRENCH),
        Segment(Role.QUOTATION, ENGLISH),
        Segment(Role.REPLY, "OK"),
    )
    segments, post = tag_languages(parts, declared=None, inherited=("es",))
    assert [part.language for part in segments] == ["fr", "en", "fr"]
    assert post == "fr"


def test_a_post_in_three_languages_is_cut_into_three() -> None:
    text = (
        f"Chers amis,\n\n{FRENCH}\n\nÀ jeudi !\n\nDear friends,\n\n{ENGLISH}\n\n"
        f"Estimados amigos:\n\n{SPANISH}\n\n¡Hasta el jueves!"
    )
    segments, post = tag_languages(own(text), declared="fr")
    assert post == MULTIPLE
    assert [part.language for part in segments] == ["fr", "en", "es"]
    assert segments[1].text.startswith("Dear friends,")
    assert segments[2].text.startswith("Estimados amigos:")
    assert "".join("".join(part.text.split()) for part in segments) == "".join(text.split())


def test_paragraphs_of_one_long_line_each_are_cut_too() -> None:
    segments, post = tag_languages(own(f"{FRENCH}\n{ENGLISH}\n{SPANISH}"), declared=None)
    assert [part.language for part in segments] == ["fr", "en", "es"]
    assert post == MULTIPLE


def test_an_english_title_within_a_french_post_does_not_cut_it() -> None:
    text = f"{FRENCH}\n\nThe wind in the old willows\n\n{FRENCH}"
    segments, post = tag_languages(own(text), declared=None)
    assert [part.language for part in segments] == ["fr"]
    assert post == "fr"


def test_a_foreign_paragraph_without_one_small_word_is_told_too() -> None:
    title = (
        "Programa provisional: talleres, conferencias, debates, exposiciones, conciertos, "
        "observaciones finales."
    )
    segments, _ = tag_languages(own(f"{FRENCH}\n\n{title}\n\n{title}\n\n{title}"), declared=None)
    assert [part.language for part in segments] == ["fr", "es"]
    assert segments[1].text.startswith("Programa") and len(title) < 120


def test_a_quotation_does_not_make_a_post_bilingual() -> None:
    body = f"{FRENCH}\n\nOn 3 March 2010 at 10:00, Ann Hall wrote:\n> {ENGLISH}\n"
    segments, post = tag_languages(segment(body), declared=None)
    assert post == "fr"
    assert [part.language for part in segments] == ["fr", UNDETERMINED, "en"]


def test_a_mail_program_s_language_is_not_believed_against_the_text() -> None:
    segments, post = tag_languages(own(FRENCH), declared="en-US")
    assert (segments[0].language, post) == ("fr", "fr")


def test_a_declared_language_decides_for_a_short_text() -> None:
    segments, post = tag_languages(own("OK, super !"), declared="es", inherited=("fr",))
    assert (segments[0].language, post) == ("es", "es")


def test_many_threads_may_ask_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: detect(text).language, [FRENCH, ENGLISH, SPANISH] * 8))
    assert found == ["fr", "en", "es"] * 8


PARAGRAPHS = st.sampled_from([FRENCH, ENGLISH, SPANISH, "Merci.", "OK", "Hello!", "", "…", "1 2"])


@settings(max_examples=60, deadline=None)
@given(st.lists(PARAGRAPHS, max_size=8))
def test_cutting_loses_no_word(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    segments, _ = tag_languages(own(text), declared=None)
    assert "".join("".join(part.text.split()) for part in segments) == "".join(text.split())
