"""What readers see of lists, threads and posts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.operations.threads import refresh_summaries
from forum.storage.archive import Post, PostState, Thread
from tests.factories import START, Make
from tests.web.signing import sign_in

AWA = "Awa Ndiaye <awa@example.org>"
LUZ = "Luz Quispe <luz@example.net>"


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.text
    return response.text


@pytest.fixture
def thread(make: Make) -> list[Post]:
    """A question, an answer to it, and an answer to that."""
    ancrage = make.mailing_list("ancrage")
    first = make.post(ancrage, author=AWA, subject="Monnaies locales", message_id="a@example.org")
    second = make.post(
        ancrage,
        author=LUZ,
        subject="Re: Monnaies locales",
        message_id="b@example.org",
        in_reply_to="a@example.org",
        text="Hola a todas y todos: en nuestro mercado circulan tres monedas locales.\n",
    )
    third = make.post(
        ancrage,
        author=AWA,
        subject="Re: Monnaies locales",
        message_id="c@example.org",
        in_reply_to="b@example.org",
        references="a@example.org b@example.org",
        text="Merci Luz, écris-moi à awa@example.org pour les détails du marché.\n",
    )
    make.commit()
    return [first, second, third]


def test_home_shows_lists_and_what_moves(client: FlaskClient, thread: list[Post]) -> None:
    text = page(client, "/")
    assert "Territorial anchoring" in text
    assert "Monnaies locales" in text
    assert "3 posts" in text


def test_home_of_an_empty_site_says_so(client: FlaskClient) -> None:
    assert "There is no list that you may read yet." in page(client, "/")


def test_list_page_names_starter_and_last_writer(client: FlaskClient, thread: list[Post]) -> None:
    text = page(client, "/lists/ancrage/")
    assert "begun by Awa Ndiaye" in text
    assert "last by Awa Ndiaye" in text
    assert "1 thread<" in text


def test_list_page_filters_by_language(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    make.post(ancrage, subject="Circuits courts")
    make.post(
        ancrage,
        subject="Short food chains",
        text="Good morning everybody, here is what we have learned about short food chains.\n",
    )
    make.commit()
    text = page(client, "/lists/ancrage/?language=en")
    assert "Short food chains" in text
    assert "Circuits courts" not in text


def test_list_page_filters_by_month(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    make.post(ancrage, subject="En mars")
    make.post(ancrage, subject="En juin", date=START + timedelta(days=100))
    make.commit()
    text = page(client, "/lists/ancrage/?year=2010&month=6")
    assert "En juin" in text
    assert "En mars" not in text
    assert "June 2010" in text


@pytest.mark.parametrize(
    "period",
    [
        "year=0",
        "year=x",
        "year=2010&month=13",
        "month=3",
        "year=³",
        "year=020091",
        "year=2009&month=0019",
        f"year={'2' * 5005}",
        f"year=2010&month={'1' * 5005}",
    ],
)
def test_a_period_that_is_none_is_left_out(client: FlaskClient, make: Make, period: str) -> None:
    make.mailing_list("ancrage")
    make.commit()
    page(client, f"/lists/ancrage/?{period}")


@pytest.mark.parametrize("number", ["0", "-1", "x", "2", "99999999999", "¹", "1" * 5005])
def test_pages_that_are_not_there_answer_404(
    client: FlaskClient, thread: list[Post], number: str
) -> None:
    page(client, f"/lists/ancrage/?page={number}", 404)
    page(client, f"/threads/{thread[0].thread_id}?page={number}", 404)


def test_by_month_counts_posts(client: FlaskClient, thread: list[Post]) -> None:
    text = page(client, "/lists/ancrage/months")
    assert "March" in text
    assert "2010" in text


def test_by_month_leaves_out_years_without_posts(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list()
    make.post(ancrage, date=START)
    make.post(ancrage, date=START.replace(year=2006))
    make.commit()
    text = page(client, "/lists/ancrage/months")
    assert re.findall(r'id="year-(\d+)"', text) == ["2010", "2006"]


def test_thread_shows_posts_in_reply_order(client: FlaskClient, thread: list[Post]) -> None:
    text = page(client, f"/threads/{thread[0].thread_id}")
    places = [text.index(f'id="post-{post.id}"') for post in thread]
    assert places == sorted(places)
    assert re.search(rf'class="post depth-2"[^>]*id="post-{thread[2].id}"', text)


def test_thread_by_date_is_flat(client: FlaskClient, thread: list[Post]) -> None:
    text = page(client, f"/threads/{thread[0].thread_id}?order=date")
    assert "depth-1" not in text
    assert "in answer to" in text


def test_language_stands_on_every_segment(client: FlaskClient, thread: list[Post]) -> None:
    text = page(client, f"/threads/{thread[0].thread_id}")
    assert re.search(r'class="segment reply" lang="fr"', text)
    assert re.search(r'class="segment reply" lang="es"', text)
    assert '<span class="visually-hidden">Spanish</span>' in text


def test_anonymous_readers_see_no_address(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    secret = "zoe.martin@example.net"
    post = make.post(
        ancrage,
        author=f'"{secret}" <{secret}>',
        subject=f"Question de {secret}",
        text=f"Bonjour, on peut m'écrire à {secret} pour la rencontre de printemps.\n",
    )
    make.commit()
    for address in (
        "/",
        "/lists/ancrage/",
        f"/threads/{post.thread_id}",
        f"/posts/{post.id}/citation",
        f"/posts/{post.id}/citation.bib",
        f"/posts/{post.id}/citation.ris",
        f"/posts/{post.id}/citation.json",
        "/lists/ancrage/feed.atom",
        f"/threads/{post.thread_id}/feed.atom",
        "/api/v1/lists/ancrage/threads",
        f"/api/v1/threads/{post.thread_id}",
        f"/api/v1/posts/{post.id}",
    ):
        assert secret not in page(client, address), address
        assert "zoe.martin@" in page(client, address) or "lists" in address or address == "/"


def test_members_see_addresses_in_posts(
    client: FlaskClient, make: Make, thread: list[Post]
) -> None:
    sign_in(client, make.account("luz@example.net"))
    make.commit()
    assert "awa@example.org" in page(client, f"/threads/{thread[0].thread_id}")


def test_feeds_mask_addresses_for_members_too(
    client: FlaskClient, make: Make, thread: list[Post]
) -> None:
    sign_in(client, make.account("luz@example.net"))
    make.commit()
    assert "awa@example.org" not in page(client, "/lists/ancrage/feed.atom")


def test_a_post_leads_to_its_place(client: FlaskClient, thread: list[Post]) -> None:
    response = client.get(f"/posts/{thread[1].id}")
    assert response.status_code == 302
    assert response.location == f"/threads/{thread[1].thread_id}#post-{thread[1].id}"


def test_a_post_far_down_leads_to_its_page(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    make.post(ancrage, message_id="root@example.org")
    for number in range(55):
        last = make.post(
            ancrage,
            subject="Re: Monnaies locales",
            text=f"Réponse {number} à la question posée sur les monnaies locales.\n",
            in_reply_to="root@example.org",
        )
    make.commit()
    location = client.get(f"/posts/{last.id}").location
    assert location == f"/threads/{last.thread_id}?page=2#post-{last.id}"
    assert f'id="post-{last.id}"' in page(client, location.partition("#")[0])
    assert f'id="post-{last.id}"' not in page(client, f"/threads/{last.thread_id}")
    assert "Page 2, from" in page(client, f"/threads/{last.thread_id}")


@pytest.mark.parametrize(
    "message_id",
    ["plain@example.org", "a/b//c@example.org", "/leading@example.org", "50%+x?#&=@example.org"],
)
def test_a_message_id_leads_to_its_post(client: FlaskClient, make: Make, message_id: str) -> None:
    post = make.post(make.mailing_list("ancrage"), message_id=message_id)
    make.commit()
    assert post.message_id == message_id
    quoted = message_id.replace("%", "%25").replace("?", "%3F").replace("#", "%23")
    response = client.get(f"/message/{quoted}")
    assert response.location == f"/threads/{post.thread_id}#post-{post.id}"


def test_a_message_on_two_lists_is_the_oldest_or_the_one_asked_for(
    client: FlaskClient, make: Make
) -> None:
    one = make.post(make.mailing_list("one"), message_id="x@example.org", date=START)
    two = make.post(make.mailing_list("two"), message_id="x@example.org", date=START)
    make.commit()
    assert client.get("/message/x@example.org").location.endswith(f"#post-{one.id}")
    assert client.get("/message/x@example.org?list=two").location.endswith(f"#post-{two.id}")
    page(client, "/message/x@example.org?list=three", 404)
    page(client, "/message/unknown@example.org", 404)


def test_hidden_posts_are_for_moderators_alone(
    client: FlaskClient, session: Session, make: Make, thread: list[Post]
) -> None:
    hidden = thread[1]
    hidden.state = PostState.HIDDEN
    refresh_summaries(session, [hidden.thread_id])
    moderator = make.moderator(hidden.mailing_list)
    make.commit()
    address = f"/threads/{hidden.thread_id}"
    assert "tres monedas" not in page(client, address)
    page(client, f"/posts/{hidden.id}", 404)
    page(client, f"/posts/{hidden.id}/citation", 404)
    page(client, f"/api/v1/posts/{hidden.id}", 404)
    assert "tres monedas" not in page(client, f"/api/v1{address}")
    assert "tres monedas" not in page(client, "/lists/ancrage/feed.atom")
    sign_in(client, moderator)
    assert "tres monedas" in page(client, address)
    assert "only moderators see this post" in page(client, address)


def test_a_merged_thread_leads_to_where_its_posts_are(
    client: FlaskClient, session: Session, make: Make, thread: list[Post]
) -> None:
    old = Thread(
        mailing_list_id=thread[0].mailing_list_id,
        subject="Ancien fil",
        started_at=START,
        last_post_at=START,
        merged_into_id=thread[0].thread_id,
    )
    session.add(old)
    make.commit()
    response = client.get(f"/threads/{old.id}")
    assert (response.status_code, response.location) == (301, f"/threads/{thread[0].thread_id}")


def test_signed_in_the_answer_is_the_first_text_and_publishing_the_last_button(
    client: FlaskClient, make: Make, thread: list[Post]
) -> None:
    sign_in(client, make.account("luz@example.net"))
    make.commit()
    text = page(client, f"/threads/{thread[0].thread_id}?parent={thread[1].id}")
    form = re.search(r"<form(?:(?!</form>).)*?<textarea.*?</form>", text, re.DOTALL)
    assert form is not None
    assert f'action="/threads/{thread[0].thread_id}/answer"' in form[0]
    assert f'name="parent" value="{thread[1].id}"' in form[0]
    assert re.findall(r"<button[^>]*>([^<]*)", form[0])[-1] == "Publish"


@pytest.mark.parametrize("parent", ["x", "0", "99999", "9" * 5005])
def test_a_parent_that_is_none_leaves_the_thread_as_it_is(
    client: FlaskClient, make: Make, thread: list[Post], parent: str
) -> None:
    sign_in(client, make.account("luz@example.net"))
    make.commit()
    text = page(client, f"/threads/{thread[0].thread_id}?parent={parent}")
    assert 'name="parent"' not in text
    page(client, f"/threads/{thread[0].thread_id}/answer?parent={parent}", 404)


def test_texts_cannot_break_out_of_the_page(client: FlaskClient, make: Make) -> None:
    evil = "<script>alert(1)</script>"
    post = make.post(
        make.mailing_list("ancrage"),
        author=f'"{evil}" <x@example.org>',
        subject=f"Sujet {evil}",
        text=f"Bonjour, {evil} et la suite du texte en français.\n",
    )
    make.commit()
    for address in ("/", "/lists/ancrage/", f"/threads/{post.thread_id}"):
        assert evil not in page(client, address)


def test_of_a_very_long_post_the_beginning_is_shown_and_the_rest_a_click_away(
    client: FlaskClient, make: Make
) -> None:
    ancrage = make.mailing_list("ancrage")
    lines = "".join(f"Le marché numéro {number} & les autres.\n\n" for number in range(20_000))
    long = make.post(ancrage, text=lines)
    make.commit()
    page = client.get(f"/threads/{long.thread_id}").text
    assert len(page) < 120_000
    assert "numéro 500 &amp; les autres.</p>" in page
    assert "numéro 19999" not in page
    body = page.split('class="post-body"')[1].split("This message is very long")[0]
    assert body.count("<p>") == body.count("</p>")
    assert body.count("<div") + 1 == body.count("</div>")
    whole = f"/threads/{long.thread_id}?whole={long.id}#post-{long.id}"
    assert f'href="{whole}"' in page
    page = client.get(whole).text
    assert "numéro 19999" in page
    assert "Show the whole message" not in page
