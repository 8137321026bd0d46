"""Checks of the site itself: settings, keys, disk, database, search index."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forum.search import SearchIndex
from forum.settings import Settings
from forum.storage.archive import Post, PostState
from forum.storage.mail import IndexQueue
from forum.storage.migrated import is_migrated
from mailbridge.findings import Finding, failure, ok, warning

LEAST_FREE: Final = 200 << 20
"""Bytes: less, and mail will soon be refused for want of room."""
LITTLE_FREE: Final = 2 << 30
LATE: Final = timedelta(minutes=10)
"""What waits for longer is done by nobody."""

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def configuration(settings: Settings) -> Iterator[Finding]:
    """Settings that are right for a trial and wrong for a site."""
    parts = urlsplit(settings.site_url)
    if parts.hostname in _LOOPBACK:
        yield warning(
            "configuration", f"SITE_URL is {settings.site_url}, which works on this machine alone",
            "Set it to the address that people use: links in mails lead there.",
        )  # fmt: skip
    elif parts.scheme == "http":
        yield warning(
            "configuration", f"SITE_URL is {settings.site_url}, without encryption",
            "Serve the site by https: sign-in links and cookies pass in the clear.",
        )  # fmt: skip
    if settings.mail_domain == "localhost":
        yield warning(
            "configuration", "MAIL_DOMAIN is localhost",
            "Set it to the domain of the lists' addresses.",
        )  # fmt: skip
    if settings.lmtp_listen is None and settings.smtp_listen is None:
        yield warning(
            "configuration", "LMTP_LISTEN and SMTP_LISTEN are both empty",
            "Set one of them, or no mail comes in.",
        )  # fmt: skip
    if not settings.rate_limits:
        yield warning(
            "configuration", "RATE_LIMITS is off", "Turn it on: it is off for tests alone."
        )
    if not settings.trusted_authserv and not settings.dns:
        yield warning(
            "configuration", "nobody checks whether senders are who they say they are",
            "Set TRUSTED_AUTHSERV to your mail server's authserv-id, or DNS to on.",
        )  # fmt: skip
    yield ok("configuration", f"read; data in {settings.data_dir}")


def secret_key(settings: Settings) -> Finding:
    """Whether the key is there, and for its owner's eyes alone."""
    if settings.secret_key:
        return ok("secret key", "given by SECRET_KEY")
    path = settings.secret_key_file
    try:
        mode = path.stat().st_mode & 0o777
    except OSError:
        return failure("secret key", f"{path} is not there", "Run 'passerelle init'.")
    if mode & 0o077:
        told = f"{path} has mode {mode:04o}: others can read it and sign in as anybody"
        return failure("secret key", told, f"Run 'chmod 600 {path}'.")
    return ok("secret key", f"{path}, mode {mode:04o}")


def disk(data_dir: Path) -> Finding:
    """Whether there is room for what comes."""
    free = shutil.disk_usage(data_dir).free
    shown = f"{free / (1 << 30):.1f} GiB free in {data_dir}"
    if free < LEAST_FREE:
        return failure("disk", shown, "Make room at once: mail is refused when the disk is full.")
    if free < LITTLE_FREE:
        return warning("disk", shown, "Make room.")
    return ok("disk", shown)


def database(engine: Engine, session: Session) -> Finding:
    """Whether the database answers, is up to date, and takes what is written."""
    name = engine.dialect.name
    try:
        if not is_migrated(engine):
            told = f"{name} answers, but its tables are not those of this version"
            return failure("database", told, "Run 'passerelle init'.")
        session.execute(text("UPDATE mailing_list SET id = id WHERE 1 = 0"))
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        told = f"{name} cannot be used: {' '.join(str(cause).split())}"
        return failure("database", told, "Look at DATABASE_URL, and at the rights of its files.")
    finally:
        session.rollback()
    return ok("database", f"{name}, up to date, writable{_size_of(engine)}")


def search(session: Session, index: SearchIndex, now: datetime) -> Finding:
    """Whether everything can be found."""
    status = index.status()
    visible = select(func.count()).select_from(Post).where(Post.state == PostState.VISIBLE)
    posts = session.scalar(visible) or 0
    waiting, oldest = session.execute(
        select(func.count(IndexQueue.id), func.min(IndexQueue.queued_at))
    ).one()
    told = f"{status.engine}, {status.indexed} of {posts} posts, {waiting} waiting"
    if oldest is not None and oldest < now - LATE:
        return warning("search index", told, "Start 'passerelle worker', which takes them in.")
    if not waiting and status.indexed != posts:
        return warning("search index", told, "Run 'passerelle index rebuild'.")
    return ok("search index", told)


def _size_of(engine: Engine) -> str:
    path = Path(engine.url.database or "")
    if engine.dialect.name != "sqlite" or not path.is_file():
        return ""
    return f", {path.stat().st_size / (1 << 20):.1f} MiB"
