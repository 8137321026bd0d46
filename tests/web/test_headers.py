"""Headers, caching, errors, languages: what all pages have in common."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import Make
from tests.web.signing import sign_in

PAGES = ("/", "/search", "/help", "/about", "/login", "/nothing-here")


@pytest.mark.parametrize("address", PAGES)
def test_the_policy_allows_nothing_from_elsewhere(client: FlaskClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", PAGES)
def test_pages_hold_neither_inline_script_nor_style(client: FlaskClient, address: str) -> None:
    text = client.get(address).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)
    assert not re.search(r'(?:src|action)="(?:https?:)?//', text)


def test_anonymous_readers_get_304_for_what_they_have(client: FlaskClient, make: Make) -> None:
    make.post(make.mailing_list("ancrage"))
    make.commit()
    first = client.get("/lists/ancrage/")
    again = client.get("/lists/ancrage/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert {"Cookie", "Accept-Language"} <= set(first.vary.as_set(preserve_casing=True))
    make.post(make.mailing_list("autre"))
    make.commit()
    home = client.get("/")
    make.post(make.mailing_list("encore"))
    make.commit()
    changed = client.get("/", headers={"If-None-Match": home.headers["ETag"]})
    assert changed.status_code == 200


def test_reading_sets_no_cookie(client: FlaskClient, make: Make) -> None:
    make.mailing_list("ancrage")
    make.commit()
    for address in ("/", "/lists/ancrage/", "/search", "/help"):
        assert "Set-Cookie" not in client.get(address).headers, address


def test_style_and_script_are_kept_for_good_and_small(client: FlaskClient) -> None:
    text = client.get("/").text
    for name in ("style.css", "script.js", "icon.svg"):
        found = re.search(rf'"(/static/{re.escape(name)}\?v=[0-9a-f]+)"', text)
        assert found is not None
        with client.get(found[1]) as response:
            assert "immutable" in response.headers["Cache-Control"]
            assert len(response.data) < 20_000


@pytest.mark.parametrize(("language", "word"), [("fr", "fr"), ("en", "en"), ("es", "es")])
def test_the_language_is_chosen_by_a_link_and_kept(
    client: FlaskClient, language: str, word: str
) -> None:
    assert f'<html lang="{word}"' in client.get(f"/?lang={language}").text
    assert f'<html lang="{word}"' in client.get("/search").text


def test_links_of_the_switcher_keep_the_page(client: FlaskClient, make: Make) -> None:
    make.mailing_list("ancrage")
    make.commit()
    text = client.get("/lists/ancrage/?language=fr&lang=en").text
    assert 'href="/lists/ancrage/?language=fr&amp;lang=es"' in text
    assert 'aria-label="español"' in text


def test_signed_in_the_language_belongs_to_the_account(client: FlaskClient, make: Make) -> None:
    account = make.account("luz@example.net", language="es")
    sign_in(client, account)
    make.commit()
    asked = client.get("/?lang=fr")
    assert '<html lang="fr"' in asked.text
    assert "lang=" not in asked.headers.get("Set-Cookie", "")
    make.session.expire_all()
    assert account.language == "es"
    response = client.post("/language", data={"language": "fr", "next": "/search"})
    assert (response.status_code, response.location) == (303, "/search")
    make.session.expire_all()
    assert account.language == "fr"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil", "\t//x", "//["]
)
def test_choosing_a_language_never_leads_away(
    client: FlaskClient, make: Make, elsewhere: str
) -> None:
    sign_in(client, make.account())
    make.commit()
    response = client.post("/language", data={"language": "fr", "next": elsewhere})
    assert response.location == "/"


def test_an_address_that_cannot_be_one_is_no_fault(client: FlaskClient) -> None:
    assert client.get("/login?next=//[").status_code == 200


@pytest.mark.parametrize("shown", ["Basic bHV6OnNlc2Ft", "Bearer long-expired", "x"])
def test_what_a_browser_shows_to_others_makes_no_fault(client: FlaskClient, shown: str) -> None:
    headers = {"Authorization": shown}
    for address in ("/nothing-here", "/api/v1/nope", "/pipermail/nothing/2010-March/000001.html"):
        assert client.get(address, headers=headers).status_code == 404, address


def test_a_proxys_password_closes_no_feed(client: FlaskClient, make: Make) -> None:
    make.mailing_list("ancrage")
    make.commit()
    headers = {"Authorization": "Basic bHV6OnNlc2Ft"}
    assert client.get("/lists/ancrage/feed.atom", headers=headers).status_code == 200


def test_errors_are_pages_in_the_readers_language(client: FlaskClient) -> None:
    response = client.get("/threads/1", headers={"Accept-Language": "es"})
    assert response.status_code == 404
    assert '<html lang="es"' in response.text
    assert client.post("/help").status_code == 405


def test_a_fault_of_ours_shows_nothing_of_itself(
    app: Flask, client: FlaskClient, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def crash() -> str:
        raise RuntimeError("the secret inside")

    app.view_functions["pages.about"] = crash
    response = client.get("/about")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Something went wrong on our side" in response.text
    assert "the secret inside" in caplog.text


def test_odd_addresses_are_not_faults(client: FlaskClient, make: Make) -> None:
    make.mailing_list("ancrage")
    make.commit()
    for address in (
        "/threads/99999999999999999999",
        "/posts/1/attachments/99999999999999999999/x.txt",
        f"/posts/1/attachments/{'9' * 5000}/x.txt",
        "/threads/0",
        "/posts/%00",
        "/message/%ff%fe",
        "/message/" + "x" * 7000,
        "/lists/%F0%9F%98%80/",
        "/lists/ancrage/?language=%25_%00",
        "/search?q=%00%ff(((",
        "/search?q=" + "(" * 2000,
        "/lists/ancrage/?tag=a,b%25",
    ):
        assert client.get(address).status_code in (200, 404), address


@pytest.mark.parametrize("control", ["%00", "%01", "%0A", "%1B", "%7F"])
def test_a_path_with_a_control_character_is_none_of_ours(
    client: FlaskClient, make: Make, control: str
) -> None:
    make.post(make.mailing_list("ancrage"), message_id="a@example.org")
    make.commit()
    for address in (
        f"/lists/ancrage{control}/",
        f"/lists/{control}/feed.atom",
        f"/message/a@example.org{control}",
        f"/posts/1/attachments/0/{control}",
        f"/login/{control}",
        f"/confirm/x{control}",
        f"/unsubscribe/x{control}",
        f"/help{control}",
    ):
        assert client.get(address).status_code == 404, address
    response = client.get(f"/api/v1/messages/a{control}@example.org")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("control", ["%00", "%07", "%1B", "%7F"])
def test_control_characters_of_a_query_are_as_if_not_there(
    client: FlaskClient, make: Make, control: str
) -> None:
    make.post(make.mailing_list("ancrage"), subject="Monnaies", message_id="a@example.org")
    make.commit()
    for address in (
        f"/lists/ancrage/?language=f{control}r&tag={control}",
        f"/search?q=monn{control}aies&sort={control}newest",
        f"/search.atom?q=monn{control}aies",
        f"/message/a@example.org?list={control}ancrage",
        f"/threads/1?order={control}date&parent={control}",
        f"/lists/ancrage/?pa{control}ge=1{control}",
        f"/login?next={control}/",
        f"/api/v1/lists/ancrage/threads?language={control}fr&page={control}1",
        f"/api/v1/search?q=monn{control}aies",
    ):
        assert client.get(address).status_code in (200, 302), address


def test_health_and_metrics(client: FlaskClient, make: Make) -> None:
    make.post(make.mailing_list("ancrage"))
    make.commit()
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")
    text = client.get("/metrics").text
    assert 'passerelle_posts{state="visible"} 1' in text
    assert "passerelle_index_queue 1" in text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|\w+(\{\w+="\w+"\})? [0-9.e+]+', line), line


def test_help_and_about_exist_in_every_language(client: FlaskClient) -> None:
    for language in ("fr", "en", "es"):
        for address in ("/help", "/about"):
            response = client.get(f"{address}?lang={language}")
            assert response.status_code == 200
            assert "%(" not in response.text
            assert "<h1" in response.text
