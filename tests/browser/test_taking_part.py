"""Signing in by mail, writing, answering and attaching, with scripts and without."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.house import AWA, GRACE, PILAR, WORKSHOP, House
from tests.flows.sink import Sink

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NUMBERS = itertools.count(1)


@pytest.fixture
def page(new_page: NewPage, java_script_enabled: bool) -> Page:
    """Grace, signed in."""
    return new_page(GRACE, java_script_enabled=java_script_enabled)


@pytest.fixture
def thread(house: House) -> int:
    """A thread that Awa began by mail."""
    number = next(NUMBERS)
    return house.write(
        subject=f"Cuisine partagée {number}",
        text=f"Bonjour à tous,\n\nNous cherchons une cuisine pour {number} personnes.\n",
        message_id=f"cuisine{number}@example.net",
    )


def text_box(page: Page) -> Locator:
    return page.get_by_label("Your text", exact=True)


def test_a_link_by_mail_signs_in_once_and_opening_it_consumes_nothing(
    house: House, sink: Sink, new_page: NewPage, java_script_enabled: bool
) -> None:
    page = new_page(java_script_enabled=java_script_enabled)
    before = len(sink.to(PILAR))
    page.goto("/login")
    page.get_by_label("address").fill(PILAR)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Look in your mailbox")
    text = sink.wait_for(PILAR, before + 1)[-1].text()
    link = re.search(r"https?://\S+(/login/\w+)", text)
    assert link, text

    for _ in range(2):  # A scanner of mails, then a person.
        page.goto(link[1])
        assert page.locator("main button").count() == 1
        assert page.get_by_role("link", name="My account").count() == 0
    page.locator("main button").click()
    # Pilar's pages are Spanish.
    expect(page.get_by_role("link", name="Mi cuenta")).to_be_visible()
    page.goto("/account")
    expect(page.locator("main")).to_contain_text(PILAR)

    other = new_page(java_script_enabled=java_script_enabled)
    answer = other.goto(link[1])
    assert answer is not None and answer.status == 404
    expect(other.locator("h1")).to_have_text("This link is no longer valid")


def test_a_new_thread_is_previewed_then_published_and_mailed(page: Page, sink: Sink) -> None:
    subject = f"A kitchen for {next(NUMBERS)}"
    before = len(sink.to(AWA))
    page.goto(f"/lists/{WORKSHOP}/")
    page.get_by_role("link", name="Start a thread").click()
    page.get_by_label("Subject", exact=True).fill(subject)
    text_box(page).fill("We could **share the kitchen**.\n\n- pots\n- stoves")
    expect(page.locator("main")).to_contain_text("by mail")
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview.locator("strong")).to_have_text("share the kitchen")
    expect(preview).to_contain_text("Nothing is sent yet.")
    expect(page.get_by_label("Subject", exact=True)).to_have_value(subject)
    assert len(sink.to(AWA)) == before

    page.get_by_role("button", name="Publish").click()
    expect(page.locator("h1")).to_have_text(subject)
    expect(page.locator(".post-body strong")).to_have_text("share the kitchen")
    assert page.locator(".post-body li").all_inner_texts() == ["pots", "stoves"]
    assert sink.wait_for(AWA, before + 1)[-1].message["Subject"].endswith(subject)


def test_an_empty_thread_is_not_published_and_the_page_says_why(page: Page) -> None:
    page.goto(f"/lists/{WORKSHOP}/new")
    text_box(page).fill("A text without a subject.")
    page.get_by_role("button", name="Publish").click()
    subject = page.get_by_label("Subject", exact=True)
    expect(subject).to_have_attribute("aria-invalid", "true")
    described = subject.get_attribute("aria-describedby")
    assert described and page.locator(f"#{described}").inner_text()
    expect(text_box(page)).to_have_value("A text without a subject.")


def test_an_answer_quotes_the_post_and_lands_under_it(page: Page, thread: int) -> None:
    page.goto(f"/threads/{thread}")
    page.locator(".post-actions").get_by_role("link", name="Answer").click()
    page.get_by_role("link", name="Begin with a quotation of the post").click()
    box = text_box(page)
    quoted = box.input_value()
    assert "Awa Ndiaye" in quoted
    assert "> Nous cherchons une cuisine" in quoted
    box.fill(f"{quoted}\nThe house in **Poitiers** has one.\n")
    page.get_by_role("button", name="Publish").click()
    answer = page.locator(".post").nth(1)
    expect(answer).to_have_class(re.compile("depth-1"))
    expect(answer.locator("strong")).to_have_text("Poitiers")
    expect(answer.locator("details.quotation blockquote")).to_be_hidden()
    expect(answer.locator("details.quotation summary")).to_contain_text("Awa Ndiaye")


def test_the_last_button_of_the_first_text_box_publishes(page: Page, thread: int) -> None:
    page.goto(f"/threads/{thread}")
    box = page.locator("textarea").first
    box.fill("We come with ten people.")
    page.locator("form", has=box).locator("[type=submit]").last.click()
    expect(page.locator(".post").nth(1)).to_contain_text("We come with ten people.")


def test_an_attached_file_comes_back_byte_for_byte(page: Page, thread: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * 40 + b"\r\n\n\r.\r\n"
    file = tmp_path / "plan d’accès.bin"
    file.write_bytes(content)
    page.goto(f"/threads/{thread}")
    text_box(page).fill("Here is the plan of the house.")
    page.get_by_label("Attached files").set_input_files(file)
    page.get_by_role("button", name="Publish").click()
    link = page.locator(".attachments a")
    expect(link).to_have_text("plan d’accès.bin")
    with page.expect_download() as waiting:
        link.click()
    assert waiting.value.suggested_filename == "plan d’accès.bin"
    assert waiting.value.path().read_bytes() == content


def test_an_author_changes_what_they_sent_by_mail(
    house: House, thread: int, new_page: NewPage, java_script_enabled: bool
) -> None:
    page = new_page(AWA, java_script_enabled=java_script_enabled, locale="fr")
    page.goto(f"/threads/{thread}")
    post = page.locator("article").first
    post.get_by_role("link", name="Modifier").press("Enter")
    box = page.get_by_label("Votre texte", exact=True)
    expect(box).to_have_value(re.compile("Nous cherchons une cuisine"))
    box.fill("Bonjour à tous,\n\nNous avons trouvé une **cuisine**.\n")
    page.get_by_role("button", name="Enregistrer la modification").press("Enter")
    expect(page.locator(".notices")).to_contain_text("modifié")
    expect(post.locator(".post-body strong")).to_have_text("cuisine")
    expect(post).not_to_contain_text("Nous cherchons")
    post.get_by_role("link", name="Textes antérieurs").press("Enter")
    expect(page.locator("pre").first).to_contain_text("Nous avons trouvé")
    expect(page.locator("pre").last).to_contain_text("Nous cherchons une cuisine")


def test_who_reads_without_signing_in_is_led_back_to_the_answer(
    house: House, sink: Sink, new_page: NewPage, java_script_enabled: bool, thread: int
) -> None:
    page = new_page(java_script_enabled=java_script_enabled)
    page.goto(f"/threads/{thread}")
    assert page.locator("textarea").count() == 0
    before = len(sink.to(GRACE))
    page.get_by_role("link", name="Sign in to answer").click()
    page.get_by_label("address").fill(GRACE)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("h1")).to_have_text("Look in your mailbox")
    link = re.search(r"/login/\w+", sink.wait_for(GRACE, before + 1)[-1].text())
    assert link
    page.goto(link[0])
    page.locator("main button").click()
    expect(page).to_have_url(f"{house.site.web}/threads/{thread}#answer")
    expect(text_box(page)).to_be_visible()
