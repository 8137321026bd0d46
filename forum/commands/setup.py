"""`passerelle init`: database, secret key and search index, made or brought up to date."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click
from flask_migrate import upgrade

from forum.app import create_app
from forum.settings import Settings


@click.command()
def init() -> None:
    """Create or migrate the database, the secret key and the search index."""
    settings = Settings.load()
    make_secret_key(settings)
    app = create_app(settings)
    with app.app_context():
        upgrade()
    click.echo(f"ready: {settings.data_dir}")


def make_secret_key(settings: Settings) -> None:
    """Write a new key for the owner's eyes only, unless there is one."""
    settings.make_data_dir()
    path: Path = settings.secret_key_file
    if settings.secret_key or path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32) + "\n")


COMMANDS = (init,)
