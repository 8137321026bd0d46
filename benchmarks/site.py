"""A site to measure on: a new data directory, a migrated database, a list full of posts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flask import Flask
from flask_migrate import upgrade

from benchmarks import generator
from forum.app import create_app
from forum.commands.setup import make_secret_key
from forum.domain.mbox import mbox_entry
from forum.extensions import db
from forum.operations.lists import create_list
from forum.settings import Settings
from forum.storage.lists import MailingList

DOMAIN: Final = "lists.example.org"
SLUG: Final = "ancrage"
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
THREAD_SUBJECT: Final = "Le pont de la rivière"
_TITLES: Final = {"fr": "Ancrage", "en": "Anchoring", "es": "Anclaje"}


@contextmanager
def new_site(**changes: str) -> Iterator[Flask]:
    """A site with one public list that takes mail from everybody; gone afterwards.

    Args:
        changes: Settings by name, raw.
    """
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as directory:
        settings = Settings.load(environment(Path(directory), **changes))
        make_secret_key(settings)
        app = create_app(settings)
        with app.app_context():
            upgrade()
            create_list(db.session(), f"{SLUG}@{DOMAIN}", _TITLES, NOW, posting="open")
            db.session.commit()
        try:
            yield app  # Outside its context: each request has one of its own, as when serving.
        finally:
            with app.app_context():
                db.engine.dispose()


def environment(directory: Path, **changes: str) -> dict[str, str]:
    """The settings of such a site as a process of its own takes them."""
    values = {
        "DATA_DIR": str(directory),
        "MAIL_DOMAIN": DOMAIN,
        "SITE_URL": "http://forum.example.org",
        "LMTP_LISTEN": "127.0.0.1:0",
        "SMTP_LISTEN": "",
        "SMARTHOST": f"file:{directory / 'outbox'}",
        "RATE_LIMITS": "off",
        "UNDO_SECONDS": "0",
        **changes,
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PASSERELLE_")}
    return kept | {f"PASSERELLE_{name}": value for name, value in values.items()}


def the_list() -> MailingList:
    """The site's list; inside its context."""
    return db.session.query(MailingList).filter_by(slug=SLUG).one()


def fill(app: Flask, raws: Iterable[bytes]) -> int:
    """Take an archive into the list by the command, searchable; gives how many posts."""
    directory = app.extensions["passerelle_settings"].data_dir
    path = directory / "archive.mbox"
    with path.open("wb") as stream:
        stream.writelines(mbox_entry(raw, generator.START) for raw in raws)
    done = subprocess.run(
        (sys.executable, "-m", "forum", "import", SLUG, str(path), "--json"),
        env=environment(directory),
        capture_output=True,
        text=True,
        check=True,
    )
    path.unlink()
    stored: int = json.loads(done.stdout)["stored"]
    return stored


def thread_of(count: int) -> Iterator[bytes]:
    """The messages of one thread, each an answer to the one before or to the first."""
    ids: list[bytes] = []
    for number, raw in enumerate(generator.messages(count, seed=30)):
        head, _, body = raw.partition(b"\n\n")
        fields = [
            line
            for line in head.replace(b"\n ", b" ").split(b"\n")
            if not line.startswith((b"Subject:", b"In-Reply-To:", b"References:"))
        ]
        subject = f"{'Re: ' if ids else ''}{THREAD_SUBJECT}"
        fields.append(b"Subject: " + subject.encode())
        if ids:
            parent = ids[-1] if number % 3 else ids[0]
            fields += [b"In-Reply-To: " + parent, b"References: " + b" ".join((ids[0], parent))]
        ids.append(next(line[12:] for line in fields if line.startswith(b"Message-ID: ")))
        yield b"\n".join(fields) + b"\n\n" + body
