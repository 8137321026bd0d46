"""A moderator keeps threads readable with the keyboard alone, with scripts and without."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Locator, Page, expect

from forum.extensions import db
from forum.operations.lists import grant_role
from forum.storage.people import account_by_email
from tests.browser.conftest import NewPage
from tests.browser.house import AWA, GRACE, WORKSHOP, House
from tests.browser.keyboard import tab_to
from tests.factories import START, Make

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MODERATOR = "relecture@example.net"
NUMBERS = itertools.count(1)


@pytest.fixture
def page(new_page: NewPage, java_script_enabled: bool) -> Page:
    """The moderator's window."""
    return new_page(MODERATOR, java_script_enabled=java_script_enabled)


def show_thread(page: Page, message_id: str) -> None:
    """Open a thread at its head, where the keyboard begins."""
    page.goto(f"/message/{message_id}")
    page.goto(page.url.partition("#")[0])


@pytest.fixture
def talk(house: House, page: Page) -> str:
    """A thread of two posts, open in the window; gives the id of its messages."""
    name = f"verger{next(NUMBERS)}"
    for number in range(2):
        house.send(
            subject="Re: " * number + f"Le verger {name}",
            text=f"Voici le message {number} sur le verger partagé {name} et ses pommiers.\n",
            author=f"Awa Ndiaye <{AWA}>",
            message_id=f"{name}-{number}@example.org",
            references=f"{name}-0@example.org" if number else "",
        )
    show_thread(page, f"{name}-0@example.org")
    expect(page.locator("article")).to_have_count(2)
    return name


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    tab_to(page, wanted)
    page.keyboard.press(key)


def open_tools(page: Page) -> None:
    press(page, page.locator("summary", has_text="Moderate this thread"))


def test_a_thread_is_closed_and_the_decision_undone(page: Page, talk: str) -> None:
    open_tools(page)
    press(page, page.get_by_role("button", name="Close", exact=True))
    expect(page.locator(".notices")).to_contain_text("Done: decision")
    expect(page.locator(".thread-head")).to_contain_text("Closed")
    open_tools(page)
    press(page, page.locator(".decisions button").first)
    expect(page.locator(".notices")).to_contain_text("is undone")
    expect(page.locator(".thread-head > .meta").first).not_to_contain_text("Closed")


def test_a_post_begins_a_thread_of_its_own_and_goes_back(page: Page, talk: str) -> None:
    first = page.url
    press(page, page.locator("article").nth(1).locator("summary", has_text="Moderate"))
    press(page, page.get_by_role("link", name="Split or attach elsewhere 2"))
    expect(page.locator("h1")).to_have_text("Moderate this post")
    tab_to(page, page.get_by_label("Title of the new thread"))
    page.keyboard.type("Les pommiers")
    press(page, page.get_by_role("button", name="Split"))
    expect(page.locator("h1")).to_have_text("Les pommiers")
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator(".notices").get_by_role("link")).to_have_text("What was decided")
    page.goto(f"/moderation/audit/{WORKSHOP}")
    expect(page.locator("h1")).to_have_text("What was decided")
    press(page, page.locator(".decisions button").first)
    expect(page.locator(".notices")).to_contain_text("is undone")
    page.goto(first)
    expect(page.locator("article")).to_have_count(2)


def test_a_post_is_hidden_and_shown_again(page: Page, talk: str) -> None:
    post = page.locator("article").nth(1)
    press(page, post.locator("summary", has_text="Moderate"))
    press(page, post.get_by_role("button", name="Hide"))
    expect(page.locator("article").nth(1)).to_contain_text("only moderators see this post")
    press(page, page.locator("article").nth(1).locator("summary", has_text="Moderate"))
    press(page, page.locator("article").nth(1).get_by_role("button", name="Show again"))
    expect(page.locator("article").nth(1)).not_to_contain_text("only moderators")


def test_removing_asks_once_more_and_leaves_a_tombstone(page: Page, talk: str) -> None:
    post = page.locator("article").nth(1)
    press(page, post.locator("summary", has_text="Moderate"))
    press(page, post.get_by_role("link", name="Remove for good"))
    expect(page.locator("main")).to_contain_text("This cannot be undone")
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type("Une adresse privée")
    press(page, page.get_by_role("button", name="Remove for good"))
    expect(page.locator("article").nth(1)).to_contain_text("Reason: Une adresse privée")
    expect(page.locator("main")).not_to_contain_text("Voici le message 1")


def test_a_thread_is_merged_after_a_look_at_the_other(page: Page, talk: str, house: House) -> None:
    other = page.url.partition("#")[0]
    name = f"{talk}-autre"
    house.send(
        subject=f"La haie {name}",
        text=f"Une haie pour le verger partagé {name} et ses voisins.\n",
        author=f"Awa Ndiaye <{AWA}>",
        message_id=f"{name}@example.org",
    )
    show_thread(page, f"{name}@example.org")
    open_tools(page)
    press(page, page.get_by_role("link", name="Title, tags, merge, move"))
    expect(page.locator("h1")).to_have_text("Moderate this thread")
    tab_to(page, page.get_by_label("Number or address of the other thread"))
    page.keyboard.type(other)
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_contain_text(f"Le verger {talk}")
    press(page, page.get_by_role("button", name="Merge into this thread"))
    expect(page.locator("article")).to_have_count(3)


@pytest.fixture(scope="module")
def shelf(house: House) -> str:
    """Another list of the same moderator."""
    with house.app.app_context():
        make = Make(db.session())
        account = account_by_email(make.session, MODERATOR)
        assert account is not None
        grant_role(make.session, make.mailing_list("etagere"), account, "moderator", START)
        make.commit()
    return "etagere"


def write(page: Page, label: str, text: str) -> None:
    """Put a text in the place of what a field holds."""
    tab_to(page, page.get_by_label(label))
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(text)


def number_of(page: Page, message_id: str) -> str:
    page.goto(f"/message/{message_id}")
    return page.url.rpartition("-")[2]


def test_a_thread_is_pinned_retitled_tagged_and_labelled(page: Page, talk: str) -> None:
    address, head = page.url, page.locator(".thread-head")
    open_tools(page)
    press(page, page.get_by_role("button", name="Pin"))
    expect(head).to_contain_text("Pinned")
    page.goto(f"{address}/moderate")
    write(page, "For all readers", f"Le jardin {talk}")
    press(page, page.get_by_role("button", name="Change the title"))
    expect(page.locator("h1")).to_have_text(f"Le jardin {talk}")
    page.goto(f"{address}/moderate")
    write(page, "Tags, with commas between them", "eau, haies")
    press(page, page.get_by_role("button", name="Change the tags"))
    expect(head.locator(".tag")).to_have_text(["eau", "haies"])
    page.goto(f"{address}/moderate")
    press(page, page.get_by_label("debate"), "Space")
    press(page, page.get_by_role("button", name="Change the labels"))
    expect(head.locator(".badge", has_text="debate")).to_be_visible()
    page.goto(f"/moderation/audit/{WORKSHOP}")
    press(page, page.locator(".decisions button").first)
    expect(page.locator(".notices")).to_contain_text("is undone")
    page.goto(address)
    expect(head.locator(".badge", has_text="debate")).to_have_count(0)


def test_a_post_is_attached_below_another_and_its_thread_moved(
    page: Page, talk: str, house: House, shelf: str
) -> None:
    address = page.url
    house.send(
        subject=f"Re: Le verger {talk}", text=f"Encore un mot sur les pommiers de {talk}.\n",
        author=f"Awa Ndiaye <{AWA}>", message_id=f"{talk}-2@example.org",
        references=f"{talk}-1@example.org",
    )  # fmt: skip
    first, last = (number_of(page, f"{talk}-{number}@example.org") for number in (0, 2))
    page.goto(f"/posts/{last}/moderate")
    write(page, "Number or address of the other post", first)
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_contain_text(f"Le verger {talk}")
    press(page, page.get_by_role("button", name="Attach below this post"))
    expect(page.locator(".decisions").first).to_contain_text(f"stands below post {first}")
    page.goto(f"{address}/moderate")
    tab_to(page, page.get_by_label("List", exact=True))
    press(page, page.get_by_role("button", name="Move the thread"))
    expect(page.locator(".decisions").first).to_contain_text(f"to the list {shelf}")
    expect(page.locator("article")).to_have_count(3)


def test_a_thread_gets_a_synthesis(page: Page, talk: str) -> None:
    open_tools(page)
    press(page, page.get_by_role("link", name="Synthesis"))
    expect(page.locator("h1")).to_have_text("Synthesis")
    tab_to(page, page.locator("textarea#text"))
    page.keyboard.type("The apple trees are planted (#2).")
    press(page, page.get_by_role("button", name="Keep"))
    expect(page.locator("#synthesis")).to_contain_text("The apple trees are planted")


def test_a_reader_reports_a_post_and_the_report_is_settled(
    page: Page, talk: str, new_page: NewPage, java_script_enabled: bool
) -> None:
    address = page.url
    reader = new_page(GRACE, java_script_enabled=java_script_enabled)
    reader.goto(address)
    press(reader, reader.locator("article").nth(1).get_by_role("link", name="Report"))
    expect(reader.locator("h1")).to_have_text("Report this post")
    write(reader, "What is wrong with it?", f"A private address in {talk}")
    press(reader, reader.get_by_role("button", name="Send the report"))
    expect(reader.locator(".notices")).to_contain_text("The moderators will look at it")
    page.goto("/moderation/reports")
    told = page.locator("li", has_text=f"A private address in {talk}")
    press(page, told.get_by_role("button", name="Settled"))
    expect(page.locator(".notices")).to_contain_text("The report is settled")


def test_a_topic_is_announced(page: Page, talk: str) -> None:
    page.goto(f"/lists/{WORKSHOP}/topics/edit")
    for language in ("French", "English", "Spanish"):
        write(page, f"Title in {language}", f"Topic {talk}")
    write(page, "Tag", talk)
    for label, day in (("First day", "03012031"), ("Last day", "03312031")):
        write(page, label, day)
    press(page, page.get_by_role("button", name="Keep"))
    expect(page.locator(".notices")).to_contain_text("The calendar is changed.")
    expect(page.locator("main")).to_contain_text(f"Topic {talk}")
    expect(page.locator("main")).to_contain_text("31 March 2031")
