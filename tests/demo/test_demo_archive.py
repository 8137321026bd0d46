"""The demonstration archive: real-looking mails that any reader of RFC 5322 can read."""

from __future__ import annotations

import csv
import email
import email.header
import email.message
import email.utils
import io
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from py3langid import langid

import forum

ARCHIVE = Path(forum.__file__).parent / "demo"
SLUGS = ("ancrage-territorial", "voyages-apprenants")
MISSING_ON_PURPOSE = {
    "ancrage-territorial/034",  # forwards a mail that the list never saw
    "voyages-apprenants/012",  # answers a private note
}
BROKEN_DATE = "ancrage-territorial/025"
HTML_ONLY = "voyages-apprenants/007"
MISREAD = "ancrage-territorial/013"
TRILINGUAL = {"ancrage-territorial/027", "voyages-apprenants/014"}
LATE_PARENT = "ancrage-territorial/019"
WITH_ATTACHMENT = "ancrage-territorial/017"
QUOTED_BLOCK = re.compile(
    r"^(-----Message d|-----Mensaje orig|-----Original M|----- Mail original|Selon .* <)", re.M
)


@dataclass(frozen=True)
class Mail:
    """One message of the archive, read by the standard library alone."""

    name: str
    raw: bytes
    message: email.message.Message

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"]).strip("<> ")

    @property
    def in_reply_to(self) -> str | None:
        ids = ids_in(self.message["In-Reply-To"])
        return ids[0] if ids else None

    @property
    def references(self) -> list[str]:
        return ids_in(self.message["References"])

    @property
    def subject(self) -> str:
        return str(email.header.make_header(email.header.decode_header(self.message["Subject"])))

    @property
    def date(self) -> datetime:
        return email.utils.parsedate_to_datetime(str(self.message["Date"]))

    @property
    def text(self) -> str:
        for part in self.message.walk():
            if part.get_content_maintype() == "text":
                charset = part.get_content_charset("ascii")
                payload = part.get_payload(decode=True)
                assert isinstance(payload, bytes)
                return payload.decode(charset).replace("\r\n", "\n")
        raise AssertionError(f"{self.name} has no text")

    @property
    def own_words(self) -> str:
        """The text without what is quoted below or between, its signature and the list's footer."""
        text = QUOTED_BLOCK.split(self.text)[0].split("\n-- \n")[0].split("\n_____")[0]
        lines = [line for line in text.split("\n") if not line.startswith(">")]
        return "\n".join(lines)


def ids_in(value: object) -> list[str]:
    return re.findall(r"<([^>]+)>", str(value or ""))


def read_archive() -> Iterator[Mail]:
    for slug in SLUGS:
        for path in sorted((ARCHIVE / slug).glob("*.eml")):
            raw = path.read_bytes()
            yield Mail(f"{slug}/{path.stem}", raw, email.message_from_bytes(raw))


MAILS = {mail.name: mail for mail in read_archive()}
BY_ID = {mail.message_id: mail for mail in MAILS.values()}


def parent_of(mail: Mail) -> Mail | None:
    for message_id in [mail.in_reply_to, *reversed(mail.references)]:
        if message_id in BY_ID:
            return BY_ID[message_id]
    return None


def depth_of(mail: Mail) -> int:
    depth = 1
    parent = parent_of(mail)
    while parent is not None:
        depth, parent = depth + 1, parent_of(parent)
    return depth


def test_there_are_sixty_posts_in_twelve_threads_over_two_lists() -> None:
    assert Counter(name.split("/")[0] for name in MAILS) == {SLUGS[0]: 39, SLUGS[1]: 21}
    assert sum(parent_of(mail) is None for mail in MAILS.values()) == 12
    assert max(map(depth_of, MAILS.values())) >= 5


def test_every_message_has_an_id_of_its_own() -> None:
    assert len(BY_ID) == len(MAILS)


def test_the_files_of_a_list_are_numbered_without_gaps() -> None:
    for slug in SLUGS:
        numbers = [int(name.split("/")[1]) for name in MAILS if name.startswith(slug)]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS)
def test_the_standard_library_reads_each_message_without_defects(mail: Mail) -> None:
    assert not [part.defects for part in mail.message.walk() if part.defects]
    assert mail.text.strip()
    assert len(mail.subject) > 10
    assert mail.message["To"].strip("<>").split("@")[0] == mail.name.split("/")[0]


@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS)
def test_an_answer_is_younger_than_its_parent_and_stays_in_its_list(mail: Mail) -> None:
    parent = parent_of(mail)
    if parent is None:
        assert mail.in_reply_to is None
        assert not re.match(r"(re|rép|tr|rv)\s?:", mail.subject, re.IGNORECASE)
        return
    assert parent.name.split("/")[0] == mail.name.split("/")[0]
    assert mail.in_reply_to in BY_ID or not mail.in_reply_to or mail.name in MISSING_ON_PURPOSE
    if BROKEN_DATE not in (mail.name, parent.name):
        assert mail.date > parent.date


def test_only_two_parents_are_missing_and_both_on_purpose() -> None:
    orphans = {m.name for m in MAILS.values() if m.in_reply_to and m.in_reply_to not in BY_ID}
    assert orphans == MISSING_ON_PURPOSE


def test_one_child_stands_before_its_parent() -> None:
    early = [
        (parent.name, mail.name)
        for mail in MAILS.values()
        if (parent := parent_of(mail)) is not None and parent.name > mail.name
    ]
    assert [parent for parent, _ in early] == [LATE_PARENT]


def test_one_date_is_broken_and_its_received_line_is_not() -> None:
    broken = MAILS[BROKEN_DATE]
    with pytest.raises(ValueError):
        _ = broken.date
    received = str(broken.message["Received"]).rsplit(";", 1)[1]
    assert email.utils.parsedate_to_datetime(received).date().isoformat() == "2010-03-31"


def test_the_languages_are_balanced() -> None:
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(["fr", "en", "es"])
    found: Counter[str] = Counter()
    for mail in MAILS.values():
        if mail.name in TRILINGUAL or mail.name in (HTML_ONLY, MISREAD):
            continue
        top_posted = re.split(r"\n(?=>)", mail.own_words)[0]
        found[identifier.classify(top_posted)[0]] += 1
    assert found == {"fr": 22, "en": 18, "es": 16}


@pytest.mark.parametrize("name", sorted(TRILINGUAL))
def test_a_trilingual_call_says_the_same_in_three_languages(name: str) -> None:
    parts = re.split(r"^(?:\[|== )(?:Français|English|Español).*$", MAILS[name].text, flags=re.M)
    assert len(parts) == 4
    lengths = [len(part.split("\n\n")[0].split()) for part in parts[1:]]
    assert max(lengths) < 1.4 * min(lengths)


def test_own_words_are_neither_too_few_nor_too_many() -> None:
    lengths = {
        mail.name: len(mail.own_words.split())
        for mail in MAILS.values()
        if mail.name != HTML_ONLY and mail.message["Subject"].split(":")[0] not in ("TR", "RV")
    }
    assert min(lengths.values()) >= 60
    assert max(lengths.values()) <= 350


def test_quotes_repeat_their_parents_true_words() -> None:
    checked = 0
    for mail in MAILS.values():
        parent = parent_of(mail)
        if parent is None or mail.name == HTML_ONLY:
            continue
        # Only the first level: what stands behind one mark and no more.
        quoted = " ".join(re.findall(r"^> (?!>)(.+)$", QUOTED_BLOCK.split(mail.text)[0], re.M))
        words = re.findall(r"\w+", quoted)
        if len(words) < 12:
            continue
        source = " ".join(re.findall(r"\w+", parent.text.replace("\n> ", "\n")))
        assert " ".join(words[:12]) in source, mail.name
        checked += 1
    assert checked >= 15


def test_no_address_leaves_the_example_domains() -> None:
    for mail in MAILS.values():
        everything = mail.raw.decode("latin-1") + "".join(
            content.decode("latin-1")
            for part in mail.message.walk()
            if isinstance(content := part.get_payload(decode=True), bytes)
        )
        everything = everything.replace("=\n", "")
        for domain in re.findall(r"@([\w.-]+\w)", everything):
            assert re.search(r"(^|\.)example\.(org|net)$", domain), (mail.name, domain)
        for host in re.findall(r"https?://([\w.-]+)", everything):
            assert re.search(r"(^|\.)example\.(org|net)$", host), (mail.name, host)


def test_the_ways_of_writing_mail_are_all_there() -> None:
    parts = [part for mail in MAILS.values() for part in mail.message.walk()]
    encodings = {str(part["Content-Transfer-Encoding"]).lower() for part in parts}
    assert {"7bit", "8bit", "quoted-printable", "base64"} <= encodings
    charsets = {part.get_content_charset() for part in parts}
    assert {"us-ascii", "iso-8859-1", "windows-1252", "utf-8"} <= charsets
    assert {part.get_content_type() for part in parts} >= {
        "multipart/alternative",
        "multipart/mixed",
        "text/html",
        "text/csv",
    }
    assert any(part.get_param("format") == "flowed" for part in parts)
    prefixes = {mail.subject.split(" ")[0] for mail in MAILS.values()}
    assert {"Re:", "RE", "RE:", "Rép", "TR:", "RV:", "[ancrage-territorial]"} <= prefixes
    everything = "\n".join(mail.text for mail in MAILS.values())
    for mark in (
        "-----Message d'origine-----\nDe : ",
        "-----Mensaje original-----\nDe: ",
        "-----Original Message-----\nFrom: ",
        "----- Mail original -----",
        "a écrit :",
        "a écrit\u00a0:",
        "escribió:",
        " wrote:",
        "Enviado desde mi iPhone",
        "Sent from my iPhone",
        "\n-- \n",
        "mailing list\n",
    ):
        assert mark in everything, mark


def test_the_attachment_is_a_table_that_opens() -> None:
    (part,) = (
        part
        for part in MAILS[WITH_ATTACHMENT].message.walk()
        if part.get_content_disposition() == "attachment"
    )
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    rows = list(csv.DictReader(io.StringIO(content.decode("ascii"))))
    assert part.get_filename() == "currencies-2009.csv"
    assert len(rows) == 11
    assert sum(row["how_known"] == "counted" for row in rows) == 2


def test_the_misread_post_holds_macroman_bytes_read_as_windows_1252() -> None:
    text = MAILS[MISREAD].text
    assert "é" not in text
    as_bytes = b"".join(
        char.encode("cp1252") if char not in "\x81\x8d\x8f\x90\x9d" else char.encode("latin-1")
        for char in text
    )
    assert "Je découvre l’échange en rentrant de tournée" in as_bytes.decode("mac_roman")


def test_the_lists_are_described_in_three_languages() -> None:
    lists = tomllib.loads((ARCHIVE / "lists.toml").read_text("utf-8"))["lists"]
    assert [entry["slug"] for entry in lists] == list(SLUGS)
    for entry in lists:
        assert (entry["mode"], entry["visibility"]) == ("hosted", "public")
        assert set(entry["title"]) == set(entry["description"]) == {"fr", "en", "es"}
        assert entry["language"] in entry["title"]


def test_the_people_are_the_authors() -> None:
    people = tomllib.loads((ARCHIVE / "people.toml").read_text("utf-8"))["people"]
    authors = {email.utils.parseaddr(mail.message["From"])[1] for mail in MAILS.values()}
    assert {person["email"] for person in people} == authors
    for person in people:
        wrote_in = {
            mail.name.split("/")[0]
            for mail in MAILS.values()
            if person["email"] == email.utils.parseaddr(mail.message["From"])[1]
        }
        assert set(person["lists"]) == wrote_in
