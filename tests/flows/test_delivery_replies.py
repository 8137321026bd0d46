"""What goes out comes back from four mail programs to its place, with its own words found."""

from __future__ import annotations

import re

import pytest

from tests.factories import mail
from tests.flows.replies import PROGRAMS
from tests.flows.sink import Sink
from tests.flows.site import DOMAIN, Browser, Site, wait_until

LIST = f"ancrage@{DOMAIN}"
AWA = "awa@example.org"
QUESTION = (
    "Bonjour à toutes et à tous,\n\nNous proposons un marché de printemps près du pont, parce que "
    "les groupes de la vallée y vendent depuis longtemps leurs légumes.\n\nAwa\n"
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def threads(browser: Browser, posts: int) -> list[dict[str, object]]:
    """The list's threads, once they hold so many posts."""

    def found() -> list[dict[str, object]] | None:
        items: list[dict[str, object]] = browser.json("/api/v1/lists/ancrage/threads")["items"]
        return items if sum(int(str(one["posts"])) for one in items) == posts else None

    result: list[dict[str, object]] = wait_until(found)
    return result


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def test_answers_of_four_programs_come_back_to_their_place(site: Site, sink: Sink) -> None:
    titles = ("--title-fr", "Ancrage", "--title-en", "Anchoring", "--title-es", "Anclaje")
    site.command_here("list", "create", LIST, *titles)
    people = {name: f"{name.split()[0].lower()}@example.net" for name in PROGRAMS}
    for email in (AWA, *people.values()):
        site.command_here("subscribe", "ancrage", email)
    # Two threads with one subject: only the ids tell them apart.
    for number, identifier in enumerate(("other@example.org", "asked@example.org")):
        raw = mail(
            subject="Marché de printemps", text=f"{QUESTION}Message {number}.\n",
            author=f"Awa Ndiaye <{AWA}>", to=LIST, message_id=identifier,
        )  # fmt: skip
        site.lmtp(AWA, LIST, raw)
    browser = site.browser()
    threads(browser, 2)
    for name, (written, _, _) in PROGRAMS.items():
        got = [
            one
            for one in sink.wait_for(people[name], 2)
            if one.message["Message-ID"] == "<asked@example.org>"
        ]
        site.smtp(people[name], LIST, written(got[0], f"{name} <{people[name]}>", LIST))
    found = threads(browser, 6)
    assert sorted(int(str(one["posts"])) for one in found) == [1, 5]
    thread = next(one for one in found if one["posts"] == 5)
    posts = browser.json(f"/api/v1/threads/{thread['id']}")["posts"]
    assert posts[0]["message_id"] == "asked@example.org"
    for name, (_, own, language) in PROGRAMS.items():
        post = next(one for one in posts if one["author"]["name"] == name)
        assert post["parent_id"] == posts[0]["id"], name
        replies = [part for part in post["segments"] if part["role"] == "reply"]
        assert plain(" ".join(part["text"] for part in replies)) == plain(own), name
        assert {part["language"] for part in replies} == {language}, name
        others = {part["role"] for part in post["segments"]} - {"reply"}
        assert "quotation" in others, name
    # An answer to an answer goes below it, as the next program has it.
    again = sink.wait_for(people["Gmail"], 3)[-1]
    written = PROGRAMS["Thunderbird"][0](again, f"Gmail <{people['Gmail']}>", LIST)
    site.smtp(people["Gmail"], LIST, written.replace(b"4d5e6f70-0001", b"4d5e6f70-0002", 1))
    threads(browser, 7)
    posts = browser.json(f"/api/v1/threads/{thread['id']}")["posts"]
    below = next(
        one for one in posts if one["message_id"] == again.message["Message-ID"].strip("<>")
    )
    assert below["id"] in {one["parent_id"] for one in posts}
