"""Atom feeds."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from flask.testing import FlaskClient

from tests.factories import Make

ATOM = "{http://www.w3.org/2005/Atom}"


def test_a_list_has_a_feed_of_its_newest_posts(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    posts = [make.post(ancrage, subject=f"Sujet {number}") for number in range(45)]
    make.commit()
    response = client.get("/lists/ancrage/feed.atom")
    root = ElementTree.fromstring(response.data)
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == 40
    assert entries[0].findtext(f"{ATOM}title") == "Sujet 44"
    assert entries[0].findtext(f"{ATOM}id") == f"http://forum.example.org/posts/{posts[-1].id}"
    assert root.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    assert "<div" in (entries[0].findtext(f"{ATOM}content") or "")


def test_an_empty_list_has_a_feed(client: FlaskClient, make: Make) -> None:
    make.mailing_list("ancrage")
    make.commit()
    root = ElementTree.fromstring(client.get("/lists/ancrage/feed.atom").data)
    assert root.findtext(f"{ATOM}updated") == "2010-03-01T09:00:00Z"


def test_a_thread_has_a_feed(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    post = make.post(ancrage, subject="Circuits courts & « marchés »")
    make.post(ancrage, subject="Autre chose")
    make.commit()
    root = ElementTree.fromstring(client.get(f"/threads/{post.thread_id}/feed.atom").data)
    assert root.findtext(f"{ATOM}title") == "Circuits courts & « marchés »"
    assert len(root.findall(f"{ATOM}entry")) == 1


def test_letters_that_xml_forbids_do_not_break_a_feed(client: FlaskClient, make: Make) -> None:
    post = make.post(make.mailing_list("ancrage"))
    post.subject = "Bruit \x0b de ligne"
    post.html = "<p>et \x00 \x1b[31m encore \ufffe</p>"
    make.commit()
    root = ElementTree.fromstring(client.get("/lists/ancrage/feed.atom").data)
    assert root.find(f"{ATOM}entry") is not None


def test_a_very_long_post_stands_in_a_feed_with_its_first_words(
    client: FlaskClient, make: Make
) -> None:
    ancrage = make.mailing_list("ancrage")
    long = make.post(ancrage, text="Nous avons tout noté du marché de mardi.\n\n" * 3000)
    make.commit()
    response = client.get("/lists/ancrage/feed.atom")
    root = ElementTree.fromstring(response.data)
    assert len(response.data) < 5_000
    assert root.find(f"{ATOM}entry/{ATOM}content") is None
    summary = root.findtext(f"{ATOM}entry/{ATOM}summary") or ""
    assert summary.startswith("Nous avons tout noté du marché")
    assert root.findtext(f"{ATOM}entry/{ATOM}id", "").endswith(f"/posts/{long.id}")
