"""The first walk of the house: a mail, an answer by mail and on the web, a power cut."""

from __future__ import annotations

import re
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.factories import mail
from tests.flows.sink import Received, Sink
from tests.flows.site import Browser, Site, form_fields, wait_until, wire

LIST = "atelier7-w7tf@lists.example.org"
AWA, PILAR, GRACE = "awa@example.net", "pilar@example.net", "grace@example.net"
FRENCH = (
    "Bonjour à toutes et à tous,\n\nNous proposons de commencer par les monnaies locales, "
    "parce que les groupes de Dakar et de Poitiers y travaillent depuis plus de trois ans.\n\nAwa\n"
)
SPANISH = (
    "Estamos de acuerdo con la propuesta, pero las cadenas cortas de alimentos necesitan "
    "también una mañana entera de trabajo.\n"
)
ENGLISH = "We could **share the morning** between both subjects, and write the summary together."
MEMBERS = ((AWA, "Awa Ndiaye", "fr"), (PILAR, "Pilar Ríos", "es"), (GRACE, "Grace Reyes", "en"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def prepare(site: Site) -> None:
    titles = ("--title-fr", "Atelier 7", "--title-en", "Workshop 7", "--title-es", "Taller 7")
    site.command("list", "create", LIST, *titles)
    for email, name, language in MEMBERS:
        site.command_here(
            "subscribe", "atelier7-w7tf", email, "--name", name, "--language", language
        )


def only_thread(browser: Browser, posts: int) -> dict[str, object]:
    """The list's one thread by the API, once it has so many posts."""

    def found() -> dict[str, object] | None:
        items = browser.json("/api/v1/lists/atelier7-w7tf/threads")["items"]
        if len(items) != 1 or items[0]["posts"] != posts:
            return None
        thread: dict[str, object] = browser.json(f"/api/v1/threads/{items[0]['id']}")
        return thread

    result: dict[str, object] = wait_until(found)
    return result


def check_list_mail(received: Received, footer_word: str, original_id: str) -> None:
    headers = received.message
    assert headers["Message-ID"] == f"<{original_id}>"
    assert "<atelier7-w7tf.lists.example.org>" in headers["List-Id"]
    assert LIST in headers["List-Post"]
    for name in ("List-Archive", "Archived-At", "List-Unsubscribe"):
        assert "http" in headers[name], name
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert received.reverse_path.startswith("atelier7-w7tf-bounces+")
    assert footer_word in received.text()


def quote(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.splitlines())


def sign_in(browser: Browser, sink: Sink, email: str) -> None:
    _, page, _ = browser.get("/login")
    before = len(sink.to(email))
    browser.post("/login", {**form_fields(page, "/login"), "email": email})
    text = sink.wait_for(email, before + 1)[-1].text()
    link = re.search(r"https?://\S+(/login/\w+)", text)
    assert link, text
    status, page, _ = browser.get(link[1])
    assert status == 200
    status, page, _ = browser.post(link[1], form_fields(page, link[1]))
    assert status == 200


def test_a_conversation_by_mail_and_on_the_web_survives_stop_and_power_cut(
    site: Site, sink: Sink
) -> None:
    # 1. A list and three subscribers with three interface languages.
    prepare(site)
    browser = site.browser()

    # 2. A mail to the list is on the page at once and reaches the two others.
    first = mail(
        subject="Monnaies locales",
        text=FRENCH,
        author=f"Awa Ndiaye <{AWA}>",
        to=LIST,
        message_id="un@example.net",
    )
    site.lmtp(AWA, LIST, first)
    thread = only_thread(browser, 1)
    assert "monnaies locales" in browser.get(f"/threads/{thread['id']}")[1]
    check_list_mail(sink.wait_for(PILAR)[0], "Cancelar", "un@example.net")
    check_list_mail(sink.wait_for(GRACE)[0], "Unsubscribe", "un@example.net")
    assert sink.to(PILAR)[0].reverse_path != sink.to(GRACE)[0].reverse_path
    assert sink.to(AWA) == []
    wait_until(lambda: browser.json("/api/v1/search?q=monnaie")["total"] == 1)

    # 3. An answer from a mail program lands under its parent, its quotation told apart.
    attribution = "El lun, 1 mar 2010 a las 9:00, Awa Ndiaye escribió:\n"
    answer = mail(
        subject="Re: Monnaies locales",
        text=SPANISH + "\n" + attribution + quote(FRENCH),
        author=f"Pilar Ríos <{PILAR}>",
        to=LIST,
        message_id="dos@example.net",
        in_reply_to="un@example.net",
        references="un@example.net",
    )
    site.smtp(PILAR, LIST, answer)
    thread = only_thread(browser, 2)
    one, two = thread["posts"]
    assert two["parent_id"] == one["id"]
    assert [part["role"] for part in two["segments"]] == ["reply", "attribution", "quotation"]
    assert (one["language"], two["language"]) == ("fr", "es")
    page = browser.get(f"/threads/{thread['id']}")[1]
    assert 'lang="fr"' in page and 'lang="es"' in page and "<details" in page
    assert sink.wait_for(AWA)[0].message["In-Reply-To"] == "<un@example.net>"

    # 4. An answer on the web goes out under the same thread, and the answer to it comes back.
    sign_in(browser, sink, GRACE)
    page = browser.get(f"/threads/{thread['id']}?parent={two['id']}")[1]
    action = f"/threads/{thread['id']}/answer"
    fields = {**form_fields(page, action), "text": ENGLISH, "parent": str(two["id"])}
    status, page, _ = browser.post(action, fields)
    assert status == 200 and "<strong>share the morning</strong>" in page
    received = sink.wait_for(PILAR, 2)[1]
    kinds = [part.get_content_type() for part in received.message.walk()]
    assert kinds[:1] == ["multipart/alternative"] or "multipart/alternative" in kinds
    assert "<strong>share the morning</strong>" in received.text("html")
    assert received.message["References"].split() == ["<un@example.net>", "<dos@example.net>"]
    web_id = received.message["Message-ID"].strip("<>")
    back = mail(
        subject="Re: Monnaies locales",
        text="Merci, cela nous convient très bien pour la suite.\n",
        author=f"Awa Ndiaye <{AWA}>",
        to=LIST,
        message_id="trois@example.net",
        in_reply_to=web_id,
        references=f"un@example.net dos@example.net {web_id}",
    )
    site.lmtp(AWA, LIST, back)
    posts = only_thread(browser, 4)["posts"]
    assert [post["source"] for post in posts] == ["email", "email", "web", "email"]
    assert posts[3]["parent_id"] == posts[2]["id"]

    # 5. The interface in three languages.
    for language, word in (("fr", "Rechercher"), ("en", "Search"), ("es", "Buscar")):
        page = site.browser(language).get(f"/threads/{thread['id']}")[1]
        assert f'<html lang="{language}"' in page and word in page

    # 6. A stop and a power cut: nothing is missing, nothing recorded as sent goes out twice.
    for email in (PILAR, GRACE):
        sink.wait_for(email, 3)
    wait_until(lambda: "queued" not in states(site))
    counts = {email: len(sink.to(email)) for email, _, _ in MEMBERS}
    site.terminate()
    site.start()
    site.lmtp(
        AWA,
        LIST,
        mail(
            subject="Encore",
            text=FRENCH,
            author=f"Awa Ndiaye <{AWA}>",
            to=LIST,
            message_id="quatre@example.net",
        ),
    )
    site.kill()
    site.start()
    for email in (PILAR, GRACE):
        sink.wait_for(email, counts[email] + 1)
    time.sleep(1.0)
    ids = {email: [m.message["Message-ID"] for m in sink.to(email)] for email in (PILAR, GRACE)}
    assert all(one.count("<quatre@example.net>") == 1 for one in ids.values()), ids
    assert all(len(one) == len(set(one)) for one in ids.values()), ids
    items = site.browser().json("/api/v1/lists/atelier7-w7tf/threads")["items"]
    assert sorted(item["posts"] for item in items) == [1, 4]
    assert "Traceback" not in site.errors()


def states(site: Site) -> set[str]:
    """The states of all deliveries."""
    import sqlite3

    with sqlite3.connect(Path(site.data_dir) / "passerelle.sqlite3") as connection:
        return {row[0] for row in connection.execute("SELECT state FROM delivery")}


def test_two_hundred_mails_over_eight_connections_are_all_on_the_web_and_none_twice(
    site: Site, sink: Sink
) -> None:
    prepare(site)
    host, _, port = site.addresses["lmtp"].rpartition(":")

    def hand_in(connection: int) -> int:
        with smtplib.LMTP(host, int(port)) as client:
            for number in range(25):
                raw = mail(
                    subject=f"Proposition {connection}-{number}",
                    text=f"{FRENCH}\nProposition numéro {connection}-{number}.\n",
                    author=f"Awa Ndiaye <{AWA}>",
                    to=LIST,
                    message_id=f"p{connection}.{number}@example.net",
                )
                assert client.sendmail(AWA, [LIST], wire(raw)) == {}
        return 25

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(hand_in, range(8))) == 200
    browser = site.browser()
    subjects: list[str] = []
    for page in (1, 2):
        answer = browser.json(f"/api/v1/lists/atelier7-w7tf/threads?per_page=100&page={page}")
        assert answer["total"] == 200
        subjects += [item["subject"] for item in answer["items"]]
    assert len(subjects) == len(set(subjects)) == 200
    sink.wait_for(PILAR, 200, seconds=180)
    sink.wait_for(GRACE, 200, seconds=180)
    time.sleep(0.5)
    assert len(sink.to(PILAR)) == len(sink.to(GRACE)) == 200
