"""A post by mail, translated on the web, read and answered by mail in another language."""

from __future__ import annotations

import pytest

from forum.clock import utcnow
from forum.domain.flowed import unflow
from tests.factories import mail
from tests.flows.replies import PROGRAMS
from tests.flows.sink import Received, Sink
from tests.flows.site import DOMAIN, Browser, Site, form_fields, wait_until
from tests.flows.test_delivery_replies import plain
from tests.flows.test_first_walk import sign_in

LIST = f"ancrage@{DOMAIN}"
LUZ, AMINA, GRACE = "luz@example.org", "amina@example.org", "grace@example.org"
SPANISH = (
    "Buenos días a todas y todos:\n\nProponemos un mercado de primavera junto al puente, porque "
    "los grupos del valle venden allí sus verduras desde hace mucho tiempo.\n\nLuz\n"
)
FRENCH = (
    "Bonjour à toutes et à tous,\n\nNous proposons un **marché de printemps** près du pont, parce "
    "que les groupes de la vallée y vendent depuis longtemps leurs légumes.\n\nLuz\n"
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def posts_of(browser: Browser, number: int) -> list[dict[str, object]]:
    """The posts of the list's one thread, once there are so many."""

    def found() -> list[dict[str, object]] | None:
        items = browser.json("/api/v1/lists/ancrage/threads")["items"]
        if sum(one["posts"] for one in items) < number:
            return None
        assert len(items) == 1, items
        posts: list[dict[str, object]] = browser.json(f"/api/v1/threads/{items[0]['id']}")["posts"]
        return posts

    result: list[dict[str, object]] = wait_until(found)
    return result


def prepare(site: Site, readers: dict[str, str]) -> None:
    titles = ("--title-fr", "Ancrage", "--title-en", "Anchoring", "--title-es", "Anclaje")
    site.command_here("list", "create", LIST, *titles)
    people = {LUZ: ("Luz Vega", "es"), AMINA: ("Amina Diallo", "fr"), GRACE: ("Grace Reyes", "en")}
    people |= {email: (name, "fr") for name, email in readers.items()}
    for email, (name, language) in people.items():
        site.command_here("subscribe", "ancrage", email, "--name", name, "--language", language)
    site.command_here("account", "create", AMINA, "--name", "Amina Diallo", "--language", "fr")
    site.command_here("role", "grant", "ancrage", AMINA, "translator")


def translate(browser: Browser, post_id: object) -> None:
    address = f"/posts/{post_id}/translate"
    status, page, _ = browser.get(f"{address}?language=fr")
    assert status == 200
    assert "4 personnes qui lisent en français" in plain(page)
    fields = {**form_fields(page, address), "text": FRENCH, "keep": "1"}
    status, page, _ = browser.post(address, fields)
    assert status == 200 and "<strong>marché de printemps</strong>" in page


def check(received: Received, original: Received) -> None:
    """A translation that a French reader received, beside the original that they received."""
    headers = received.message
    assert headers["Message-ID"] != original.message["Message-ID"] == "<uno@example.org>"
    assert headers["In-Reply-To"] == "<uno@example.org>"
    assert headers["References"] == "<uno@example.org>"
    assert headers["Subject"] == "Mercado de primavera"
    assert headers["Content-Language"] == "fr"
    assert headers["From"] == original.message["From"]
    assert "<ancrage." in headers["List-Id"]
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert received.reverse_path == original.reverse_path
    text = unflow(received.text().replace("\r\n", "\n"))
    assert text.startswith("Traduit de l’espagnol par Amina Diallo.\n")
    assert "Nous proposons un **marché de printemps** près du pont" in text
    assert "<strong>marché de printemps</strong>" in received.text("html")


def test_readers_of_another_language_receive_and_answer_a_translation(
    site: Site, sink: Sink
) -> None:
    readers = {name: f"{name.split()[0].lower()}@example.net" for name in PROGRAMS}
    prepare(site, readers)
    browser = site.browser("fr")
    asked = mail(
        subject="Mercado de primavera", text=SPANISH, author=f"Luz Vega <{LUZ}>", to=LIST,
        message_id="uno@example.org", date=utcnow(),
    )  # fmt: skip
    site.lmtp(LUZ, LIST, asked)
    (post,) = posts_of(browser, 1)
    assert post["language"] == "es"
    sign_in(browser, sink, AMINA)
    translate(browser, post["id"])
    for email in readers.values():
        original, translated = sink.wait_for(email, 2)
        check(translated, original)
    for name, email in readers.items():
        written = PROGRAMS[name][0](sink.to(email)[1], f"{name} <{email}>", LIST)
        site.smtp(email, LIST, written)
    posts = posts_of(browser, 5)
    assert len(posts) == 5
    for name, (_, own, language) in PROGRAMS.items():
        answer = next(one for one in posts if one["author"]["name"] == name)
        assert answer["parent_id"] == post["id"], name
        replies = [part for part in answer["segments"] if part["role"] == "reply"]
        assert plain(" ".join(part["text"] for part in replies)) == plain(own), name
        assert {part["language"] for part in replies} == {language}, name
    # Neither who wrote it, nor who translated it, nor who reads neither language got it; but all
    # of them got the answers.
    sink.wait_for(LUZ, 4)
    for email in (LUZ, AMINA, GRACE):
        ids = [str(one.message["Message-ID"]) for one in sink.to(email)]
        assert not [one for one in ids if "translation-" in one], email
    assert "Traceback" not in site.errors()
