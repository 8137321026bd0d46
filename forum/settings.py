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

from forum.resources import resource

PREFIX = "PASSERELLE_"
NOT_SETTINGS = frozenset({"PASSERELLE_CONFIG", "PASSERELLE_REQUIRE"})
SMARTHOST_SCHEMES = frozenset({"smtp", "smtp+starttls", "smtps", "file"})


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
    rate_limits: bool
    undo_seconds: int

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
            max_message_bytes=_positive(values, "MAX_MESSAGE_BYTES"),
            trusted_authserv=_text(values, "TRUSTED_AUTHSERV"),
            dns=_choice(values, "DNS", ("off", "on")) == "on",
            rate_limits=_choice(values, "RATE_LIMITS", ("off", "on")) == "on",
            undo_seconds=_positive(values, "UNDO_SECONDS", least=0),
        )

    @property
    def secret_key_file(self) -> Path:
        """Where `passerelle init` puts the key it makes."""
        return self.data_dir / "secret_key"

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


def _positive(values: Mapping[str, Any], name: str, least: int = 1) -> int:
    try:
        number = int(values[name])
    except (TypeError, ValueError):
        number = least - 1
    if isinstance(values[name], bool) or number < least:
        raise SettingsError(f"{name} must be a whole number from {least}, not {values[name]!r}")
    return number


def _listen(values: Mapping[str, Any], name: str) -> ListenAddress | None:
    value = _text(values, name)
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise SettingsError(f"{name} must be host:port or empty, not {value!r}")
    return ListenAddress(host.strip("[]"), int(port))


def _site_url(values: Mapping[str, Any]) -> str:
    value = _text(values, "SITE_URL").rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise SettingsError(f"SITE_URL must be an http or https address, not {value!r}")
    return value


def _domain(values: Mapping[str, Any]) -> str:
    value = _text(values, "MAIL_DOMAIN").lower()
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?", value):
        raise SettingsError(f"MAIL_DOMAIN must be a domain name, not {value!r}")
    return value


def _smarthost(values: Mapping[str, Any]) -> str:
    value = _text(values, "SMARTHOST")
    parts = urlsplit(value)
    bad = parts.scheme not in SMARTHOST_SCHEMES
    if parts.scheme == "file":
        bad = not value.removeprefix("file:")
    elif not bad:
        try:
            bad = not parts.hostname or (parts.port is not None and parts.port == 0)
        except ValueError:
            bad = True
    if bad:
        raise SettingsError("SMARTHOST must be smtp://, smtp+starttls://, smtps:// or file:DIR")
    return value


def _database_url(values: Mapping[str, Any], data_dir: Path) -> str:
    value = _text(values, "DATABASE_URL")
    if not value:
        return f"sqlite:///{data_dir / 'passerelle.sqlite3'}"
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("DATABASE_URL must be sqlite:///… or postgresql+psycopg://…")
    return value
