"""What is written on the web, as mail programs get it; and copies in the form somebody chose."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from sqlalchemy.orm import Session

from forum.domain.compose import compose
from forum.domain.flowed import unflow
from forum.domain.markup import render_markdown
from forum.domain.message import parse
from forum.domain.values import Draft, Mailbox, Source, UploadedFile
from forum.operations.publishing import publish
from forum.settings import Settings
from forum.storage.archive import Post
from mailbridge.lighten import without_html
from mailbridge.mail_page import styled
from mailbridge.outgoing import Builder, Copy
from tests.factories import START, Make
from tests.mailbridge.test_outgoing import (
    HTML_MAIL,
    LANGUAGES,
    SIGNED_MAIL,
    SITE,
    TOKEN,
    Outbox,
    is_golden,
)

MARKDOWN = """\
Bonjour à toutes et à tous,

la monnaie locale compte déjà **quarante commerces** à Séville, \
et [le compte rendu](/posts/1) de la rencontre dit comment.

> La question était : comment convaincre les commerces du centre, qui n'ont besoin de personne ?

1. aller les voir
2. les inviter

![Le pont](/posts/3/attachments/0/pont.png) ![Un autre](https://images.example.net/suivi.gif)

| lieu | commerces |
| --- | --- |
| Séville | 40 |

```
prix = 12 * quantité_de_paniers_par_semaine + frais_de_port_pour_toute_la_vallée_et_ses_hameaux
```

Awa
"""


def composed(language: str = "fr", **fields: object) -> bytes:
    values = {
        "author": Mailbox("Awa Ndiaye", "awa@example.org"),
        "subject": "Monnaies locales : où en est-on ?",
        "text": MARKDOWN,
        "message_id": "web@lists.example.org",
        "date": START,
        "list_address": "ancrage@lists.example.org",
        "list_name": "Ancrage territorial",
        "language": language,
        **fields,
    }
    draft = Draft(**values)
    return compose(draft, render_markdown(draft.text))


class Web(Outbox):
    """Posts that were written on the web."""

    def post(self, raw: bytes) -> Post:
        submission = parse(raw, START)
        return publish(self.session, self.where, submission, START, source=Source.WEB, mail=False)

    def chosen(self, raw: bytes, language: str = "fr", **form: bool) -> Copy:
        subscription = self.make.subscriber(self.where, language=language)
        subscription.token = TOKEN
        for name, value in form.items():
            setattr(subscription, name, value)
        return Builder(self.settings).build(self.post(raw), lambda: raw, subscription)


@pytest.fixture
def web(session: Session, settings: Settings, make: Make) -> Web:
    return Web(session, settings, make, make.mailing_list())


def opened(copy: Copy) -> EmailMessage:
    found = email.message_from_bytes(copy.message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert not [part for part in found.walk() if part.defects]
    return found


def types(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


def body(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_copies_of_what_the_web_writes(web: Web, language: str) -> None:
    copy = web.copy(composed(), language)
    is_golden(f"web.{language}", copy.message)
    message = opened(copy)
    assert types(message) == ["multipart/alternative", "text/plain", "text/html"]
    assert f"{SITE}/unsubscribe/{TOKEN}" in body(message, "html")


def test_the_page_fetches_nothing_and_bears_its_style(web: Web) -> None:
    page = body(opened(web.copy(composed())), "html")
    assert not re.search(r"<(img|link|style|script|iframe)\b|url\(|@import|src=", page)
    assert "max-width:600px" in page
    assert '<html lang="fr">' in page
    assert f'<a href="{SITE}/posts/3/attachments/0/pont.png" style="color:#0b5394">Le pont' in page
    assert f'href="{SITE}/posts/1"' in page
    bare = re.findall(r"<(p|a|blockquote|ol|li|td|th|table|pre|code)>", page)
    assert bare == []


def test_the_text_is_wrapped_and_flows(web: Web) -> None:
    message = opened(web.copy(composed()))
    part = message.get_body(("plain",))
    assert part is not None
    assert part["Content-Type"].params["format"] == "flowed"
    text = body(message, "plain")
    code = "frais_de_port"
    assert max(len(line) for line in text.split("\n") if code not in line and "/" not in line) <= 78
    joined = unflow(text)
    assert "compte déjà **quarante commerces** à Séville, et [le compte rendu]" in joined
    assert "> La question était : comment convaincre les commerces du centre, qui n'ont" in joined
    assert joined.startswith(MARKDOWN.split("\n\n")[0])


def test_a_copy_that_comes_back_is_known_as_the_same(web: Web) -> None:
    web.where.from_policy, web.where.subject_prefix = "keep", "[Là-haut]"
    raw = composed()
    copy = web.copy(raw)
    assert parse(copy.message, START).content_digest == parse(raw, START).content_digest


def test_what_a_mail_program_wrote_keeps_its_layout(
    session: Session, settings: Settings, make: Make
) -> None:
    outbox = Outbox(session, settings, make, make.mailing_list())
    page = body(opened(outbox.copy(composed())), "html")
    assert "max-width" not in page
    assert "<p>Bonjour" in page


@pytest.mark.parametrize("hostile", ['<p style="position:fixed" onclick="x()">a</p>', "<style>a{}"])
def test_style_and_scripts_of_others_do_not_come_through(hostile: str) -> None:
    shown = styled(hostile, SITE)
    assert "position" not in shown
    assert "onclick" not in shown
    assert "<style" not in shown


FILE = UploadedFile("paniers d'été.csv", "text/csv", b"mois,paniers\nmai,42\n")


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ({}, ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv"]),
        ({"plain_text": True}, ["multipart/mixed", "text/plain", "text/csv"]),
        (
            {"attachments_as_links": True},
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain"],
        ),
        (
            {"plain_text": True, "attachments_as_links": True},
            ["multipart/mixed", "text/plain", "text/plain"],
        ),
    ],
)
def test_copies_come_in_the_form_that_was_chosen(
    web: Web, form: dict[str, bool], wanted: list[str]
) -> None:
    message = opened(web.chosen(composed(attachments=(FILE,)), **form))
    assert types(message) == wanted
    last = list(message.walk())[-1]
    address = f"{SITE}/posts/1/attachments/0/paniers%20d%27%C3%A9t%C3%A9.csv"
    linked = form.get("attachments_as_links", False)
    assert address in last.get_content() if linked else last.get_filename() == FILE.filename
    assert "quarante commerces" in body(message, "plain")
    assert f"{SITE}/unsubscribe/{TOKEN}" in body(message, "plain")


@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_copies_without_html_and_files(web: Web, language: str) -> None:
    raw = composed(attachments=(FILE,))
    copy = web.chosen(raw, language, plain_text=True, attachments_as_links=True)
    is_golden(f"web-light.{language}", copy.message)
    assert types(opened(copy)) == ["multipart/mixed", "text/plain", "text/plain"]


def test_two_readers_with_other_choices_get_other_copies_of_one_post(web: Web, make: Make) -> None:
    raw = composed()
    post = web.post(raw)
    builder = Builder(web.settings)
    people = [make.subscriber(web.where, language="fr") for _ in range(3)]
    people[1].plain_text = True
    kinds = [types(opened(builder.build(post, lambda: raw, one)))[0] for one in people]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/alternative"]


HTML_ALONE = (
    b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\n"
    b"Content-Type: text/html; charset=iso-8859-1\nContent-Language: fr\n\n"
    b"<html><body><p>L'\xe9t\xe9 <b>vient</b>.</p></body></html>\n"
)
RELATED = (
    b'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="m"\n\n'
    b'--m\nContent-Type: multipart/alternative; boundary="a"\n\n'
    b"--a\nContent-Type: text/plain\n\nplain\n"
    b'--a\nContent-Type: multipart/related; boundary="r"\n\n'
    b"--r\nContent-Type: text/html\n\n<p>html</p>\n"
    b"--r\nContent-Type: image/png\nContent-ID: <1>\n\nx\n--r--\n--a--\n"
    b"--m\nContent-Type: text/html\n\n<p>footer</p>\n"
    b'--m\nContent-Type: text/html\nContent-Disposition: attachment; filename="p.html"\n\n'
    b"<p>x</p>\n"
    b"--m--\n"
)


def test_html_alone_becomes_a_text() -> None:
    light = without_html(HTML_ALONE)
    assert light is not None
    message = email.message_from_bytes(light, policy=email.policy.default)
    assert message.get_content_type() == "text/plain"
    assert "L'été **vient**." in message.get_content()
    assert message["Subject"] == "x"


def test_only_attached_html_stays() -> None:
    light = without_html(RELATED)
    assert light is not None
    message = email.message_from_bytes(light, policy=email.policy.default)
    assert types(message) == ["multipart/mixed", "text/plain", "text/plain", "text/html"]
    assert [part.get_content().strip() for part in message.iter_parts()] == [
        "plain",
        "footer",
        "<p>x</p>",
    ]


@pytest.mark.parametrize("raw", [SIGNED_MAIL, b"Subject: x\n\nplain\n", b"", b"\n<p>"])
def test_what_has_no_html_or_is_sealed_is_not_touched(raw: bytes) -> None:
    assert without_html(raw) == raw.replace(b"\n", b"\r\n")


def test_a_mail_in_two_forms_keeps_the_plain_one_and_its_files(web: Web) -> None:
    light = without_html(HTML_MAIL)
    assert light is not None
    message = email.message_from_bytes(light, policy=email.policy.default)
    assert types(message) == ["multipart/mixed", "text/plain", "text/csv"]
