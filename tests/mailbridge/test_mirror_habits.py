"""Whatever a list does to what went out, and however often, it is never posted twice."""

from __future__ import annotations

import itertools

import pytest

from forum.storage.mail import IncomingState
from tests.factories import mail
from tests.mailbridge.mirroring import FOOTER, OWN, Mirror, parsed, passed_on

pytestmark = pytest.mark.slow

SWITCHES = ("prefix", "footer", "new_id", "hides", "silent", "drops_fields")
NUMBERS = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit")


def habits(switches: tuple[bool, ...], number: int) -> dict[str, object]:
    on = dict(zip(SWITCHES, switches, strict=True))
    return {
        "prefix": "[atelier]" if on["prefix"] else "",
        "footer": FOOTER if on["footer"] else "",
        "new_id": f"new{number}@listes.example.net" if on["new_id"] else "",
        "hides": on["hides"],
        "answers_to_author": not on["silent"],
        "drops_fields": on["drops_fields"],
    }


def test_every_combination_of_habits(mirror: Mirror, awa) -> None:
    every = list(itertools.product((False, True), repeat=len(SWITCHES)))
    for number in range(len(every)):
        first, second = NUMBERS[number // 8], NUMBERS[number % 8]
        short = number % 3 == 0
        text = f"Merci {first} {second}\n" if short else f"{first} {second} " + "mot " * 12 + "\n"
        mirror.write(awa, f"Rencontre {first} {second}", text)
    mirror.work()
    sent = mirror.went_out()
    assert len(sent) == len(every)
    for number, (switches, message) in enumerate(zip(every, sent, strict=True)):
        raw = passed_on(message, **habits(switches, number))
        states = {mirror.arrives(raw).state for _ in range(2)}
        assert states == {IncomingState.ECHO}, (switches, states)
    mirror.work()
    assert len(mirror.posts()) == len(every)
    assert len(mirror.went_out()) == len(every)


def test_html_that_a_list_made_text_of_is_known(mirror: Mirror, awa) -> None:
    written = parsed(mail(to=OWN, message_id="html@example.org", subject="Compte rendu"))
    written.set_content(
        "<p>Le <b>compte rendu</b> est <a href='https://example.org/cr'>en ligne</a>, "
        "avec la liste des personnes présentes.</p><ul><li>les dates</li><li>les lieux</li></ul>",
        subtype="html",
    )
    row = mirror.arrives(written.as_bytes(), to=OWN, path="awa@example.org")
    assert row.state == IncomingState.POSTED
    mirror.work()
    stripped = parsed(mirror.went_out()[0].as_bytes())
    stripped.clear_content()
    stripped.set_content(
        "Le compte rendu est en ligne, avec la liste des personnes présentes.\n"
        "  - les dates\n  - les lieux\n"
    )
    for new_id in ("", "o1@listes.example.net"):
        row = mirror.arrives(passed_on(stripped, footer=FOOTER, new_id=new_id))
        assert row.state == IncomingState.ECHO


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-8"])
def test_another_charset_and_other_line_ends_change_nothing(
    mirror: Mirror, awa, charset: str
) -> None:
    mirror.write(awa, "Été à Séville", "Où et quand nous verrons-nous cet été, à Séville ?\n")
    mirror.work()
    message = parsed(mirror.went_out()[0].as_bytes())
    text = message.get_body(("plain",)).get_content()
    message.clear_content()
    message.set_content(text.replace(" ", "\n", 3), charset=charset, cte="base64")
    row = mirror.arrives(passed_on(message, new_id="o1@x.example", drops_fields=True))
    assert row.state == IncomingState.ECHO
