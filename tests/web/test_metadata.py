"""What programs read in pages, and the API tried from the help."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qs

from flask.testing import FlaskClient

from forum.config import search_index
from forum.search.indexer import drain
from tests.factories import Make


def test_a_thread_says_what_it_is_without_addresses(client: FlaskClient, make: Make) -> None:
    mailing_list = make.mailing_list("ancrage")
    post = make.post(
        mailing_list,
        author='"awa@example.org" <awa@example.org>',
        subject='Monnaies </script> & "fin"',
        text="Nos monnaies circulent au marché du village depuis le printemps.\n",
    )
    make.commit()
    page = client.get(f"/threads/{post.thread_id}").text
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    document = json.loads(found)
    assert document["@type"] == "DiscussionForumPosting"
    assert document["headline"] == 'Monnaies </script> & "fin"'
    assert document["url"] == f"http://forum.example.org/threads/{post.thread_id}"
    assert document["inLanguage"] == ["fr"]
    (title,) = re.findall(r'class="Z3988" title="([^"]*)"', page)
    reference = parse_qs(unescape(title))
    assert reference["rft.type"] == ["forumPost"]
    assert reference["rft.title"] == ['Monnaies </script> & "fin"']
    assert reference["rft.identifier"] == [f"http://forum.example.org/posts/{post.id}"]
    assert "awa@example.org" not in unescape(title) + found


def test_the_api_is_tried_from_the_help(client: FlaskClient, make: Make) -> None:
    mailing_list = make.mailing_list("ancrage")
    make.mailing_list("private", visibility="private")
    post = make.post(mailing_list, text="Nos monnaies circulent au marché du village.\n")
    make.commit()
    while drain(make.session, search_index()):
        make.commit()
    assert "The request" not in client.get("/help/api").text
    page = client.get("/help/api?call=search&value=monnaies").text
    assert "/api/v1/search?q=monnaies&amp;per_page=3" in page
    assert "HTTP 200 OK" in page
    assert "&#34;total&#34;: 1" in page
    assert "private" not in client.get("/help/api?call=lists").text.partition("The answer")[2]
    assert "HTTP 200" in client.get(f"/help/api?call=thread&value={post.thread_id}").text
    assert "HTTP 404" in client.get("/help/api?call=post&value=nonsense").text
    assert client.get("/help/api?call=nonsense").status_code == 200
