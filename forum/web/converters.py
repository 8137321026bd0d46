"""Parts of addresses: keys of rows, places in them, and Message-IDs, which may hold anything."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter


class KeyConverter(BaseConverter):
    """A row's key: a whole number from 1 that every database takes."""

    regex = r"[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        """From the address."""
        return int(value)


class IndexConverter(BaseConverter):
    """A place in a row, from 0: werkzeug's own `int` fails on thousands of digits."""

    regex = r"[0-9]{1,6}"

    def to_python(self, value: str) -> int:
        """From the address."""
        return int(value)


class MessageIdConverter(BaseConverter):
    """A Message-ID without angle brackets; `/` is allowed, also doubled and in front."""

    regex = r".+"
    part_isolating = False


def init_app(app: Flask) -> None:
    """Make them known as `<key:…>`, `<index:…>` and `<message_id:…>`."""
    app.url_map.converters["key"] = KeyConverter
    app.url_map.converters["index"] = IndexConverter
    app.url_map.converters["message_id"] = MessageIdConverter
