"""Settings: frozen, typed, and refused by name where they are unknown or bad.

`config/default.toml` documents each; a file named by PASSERELLE_CONFIG and then environment
variables PASSERELLE_<NAME> override.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from forum.resources import resource

PREFIX = "PASSERELLE_"
NOT_SETTINGS = frozenset({"PASSERELLE_CONFIG", "PASSERELLE_REQUIRE"})
SMARTHOST_SCHEMES = frozenset({"smtp", "smtp+starttls", "smtps"})
LONGEST_UNDO = 24 * 3600
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
"""Of a domain name (RFC 1123, section 2.1)."""


class SettingsError(ValueError):
    """A setting that is unknown or has a bad value; the text names it in one line."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host and a port to listen on; port 0 takes a free one."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What `config/default.toml` lists, checked."""

    data_dir: Path
    database_url: str
    site_url: str
    mail_domain: str
    lmtp_listen: ListenAddress | None
    smtp_listen: ListenAddress | None
    smarthost: str
    search: str
    secret_key: str
    max_message_bytes: int
    trusted_authserv: str
    dns: bool
    arc: bool
    rate_limits: bool
    smarthost_connections: int
    list_hourly_limit: int
    domain_hourly_limit: int
    undo_seconds: int
    retention_days: int
    quarantine_days: int
    fetch_seconds: int

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read defaults, the file of PASSERELLE_CONFIG and the environment, in this order.

        Raises:
            SettingsError: an unknown name or a bad value.
        """
        environ = os.environ if environ is None else environ
        values = tomllib.loads(resource("config/default.toml").read_text(encoding="utf-8"))
        known = frozenset(values)
        for source in (_from_file(environ.get("PASSERELLE_CONFIG", "")), _from_environ(environ)):
            for name, value in source.items():
                if name not in known:
                    raise SettingsError(f"unknown setting {name}")
                values[name] = value
        return cls.of(values)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Check raw values, keyed by the names of `config/default.toml`, all present."""
        data_dir = Path(_text(values, "DATA_DIR")).expanduser().absolute()
        return cls(
            data_dir=data_dir,
            database_url=_database_url(values, data_dir),
            site_url=_site_url(values),
            mail_domain=_domain(values),
            lmtp_listen=_listen(values, "LMTP_LISTEN"),
            smtp_listen=_listen(values, "SMTP_LISTEN"),
            smarthost=_smarthost(values),
            search=_choice(values, "SEARCH", ("whoosh", "postgresql")),
            secret_key=_text(values, "SECRET_KEY"),
            max_message_bytes=_number(values, "MAX_MESSAGE_BYTES", 1, 2**31 - 1),
            trusted_authserv=_text(values, "TRUSTED_AUTHSERV"),
            dns=_choice(values, "DNS", ("off", "on")) == "on",
            arc=_choice(values, "ARC", ("off", "on")) == "on",
            rate_limits=_choice(values, "RATE_LIMITS", ("off", "on")) == "on",
            smarthost_connections=_number(values, "SMARTHOST_CONNECTIONS", 1, 4),
            list_hourly_limit=_number(values, "LIST_HOURLY_LIMIT", 0, 10**9),
            domain_hourly_limit=_number(values, "DOMAIN_HOURLY_LIMIT", 0, 10**9),
            undo_seconds=_number(values, "UNDO_SECONDS", 0, LONGEST_UNDO),
            retention_days=_number(values, "RETENTION_DAYS", 0, 36500),
            quarantine_days=_number(values, "QUARANTINE_DAYS", 0, 36500),
            fetch_seconds=_number(values, "FETCH_SECONDS", 1, 24 * 3600),
        )

    @property
    def hourly_limits(self) -> tuple[int, int] | None:
        """Copies that may leave in an hour for a list and to a domain; None without any limit."""
        limits = self.list_hourly_limit, self.domain_hourly_limit
        return limits if self.rate_limits else None

    @property
    def secret_key_file(self) -> Path:
        """Where `passerelle init` puts the key it makes."""
        return self.data_dir / "secret_key"

    def make_data_dir(self) -> None:
        """Make the data directory, for its owner's eyes only, where there is none.

        Raises:
            OSError: it cannot be made; the text names the setting.
        """
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            told = f"DATA_DIR cannot be made: {error.strerror}"
            raise OSError(error.errno, told, str(self.data_dir)) from None

    def resolved_secret_key(self) -> str:
        """The key from the setting or the file.

        Raises:
            SettingsError: there is none yet.
        """
        if self.secret_key:
            return self.secret_key
        try:
            return self.secret_key_file.read_text(encoding="ascii").strip()
        except OSError:
            raise SettingsError(
                f"there is no secret key in {self.data_dir}: run 'passerelle init' first"
            ) from None


def _from_file(name: str) -> dict[str, Any]:
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"PASSERELLE_CONFIG {name}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"PASSERELLE_CONFIG {name}: {error}") from None


def _from_environ(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in NOT_SETTINGS
    }


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if not isinstance(value, str):
        raise SettingsError(f"{name} must be text, not {value!r}")
    return value.strip()


def _choice(values: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = _text(values, name)
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def _number(values: Mapping[str, Any], name: str, least: int, most: int) -> int:
    try:
        number = int(values[name])
    except (TypeError, ValueError, OverflowError):
        number = least - 1
    if isinstance(values[name], bool) or not least <= number <= most:
        told = f"{values[name]!r}"[:40]
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {told}")
    return number


def _listen(values: Mapping[str, Any], name: str) -> ListenAddress | None:
    value = _text(values, name)
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise SettingsError(f"{name} must be host:port or empty, not {value!r}")
    return ListenAddress(host.strip("[]"), int(port))


def _site_url(values: Mapping[str, Any]) -> str:
    value = _text(values, "SITE_URL").rstrip("/")
    try:
        parts = urlsplit(value)
        good = bool(parts.hostname) and parts.port != 0 and value.isprintable()
    except ValueError:  # An open bracket, or a port that is none.
        good = False
    if not good or parts.scheme not in ("http", "https") or set(value) & set("?# "):
        raise SettingsError(f"SITE_URL must be an http or https address, not {value!r}")
    return value


def _domain(values: Mapping[str, Any]) -> str:
    value = _text(values, "MAIL_DOMAIN").lower()
    if len(value) > 253 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", value):
        raise SettingsError(f"MAIL_DOMAIN must be a domain name, not {value!r}")
    return value


def _smarthost(values: Mapping[str, Any]) -> str:
    value = _text(values, "SMARTHOST")
    if value.startswith("file:"):
        good = bool(value.removeprefix("file:"))
    else:
        try:
            parts = urlsplit(value)
            good = parts.scheme in SMARTHOST_SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:  # An open bracket, or a port that is none.
            good = False
    if not good:
        raise SettingsError("SMARTHOST must be smtp://, smtp+starttls://, smtps:// or file:DIR")
    return value


def _database_url(values: Mapping[str, Any], data_dir: Path) -> str:
    value = _text(values, "DATABASE_URL")
    if not value:
        return f"sqlite:///{data_dir / 'passerelle.sqlite3'}"
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("DATABASE_URL must be sqlite:///… or postgresql+psycopg://…")
    try:
        url = make_url(value)
        good = "[" not in (url.host or "") and 0 < (url.port or 5432) <= 65535
    except (ArgumentError, ValueError):
        good = False
    if not good:
        # Not repeated here: a password may stand in it.
        raise SettingsError("DATABASE_URL cannot be read: its host or port is no good")
    return value
