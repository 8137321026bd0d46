"""Parts of addresses: keys of rows, and Message-IDs, which may hold anything."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter


class KeyConverter(BaseConverter):
    """A row's key: a whole number from 1 that every database takes."""

    regex = r"[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        """From the address."""
        return int(value)


class MessageIdConverter(BaseConverter):
    """A Message-ID without angle brackets; `/` is allowed, also doubled and in front."""

    regex = r".+"
    part_isolating = False


def init_app(app: Flask) -> None:
    """Make both known as `<key:…>` and `<message_id:…>`."""
    app.url_map.converters["key"] = KeyConverter
    app.url_map.converters["message_id"] = MessageIdConverter
