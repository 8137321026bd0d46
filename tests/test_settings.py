"""Settings: what is unknown or bad stops the start with one line that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from forum.settings import ListenAddress, Settings, SettingsError


def test_the_defaults_are_those_of_the_documented_file() -> None:
    settings = Settings.load({})
    assert settings.site_url == "http://127.0.0.1:8000"
    assert settings.lmtp_listen == ListenAddress("127.0.0.1", 8024)
    assert settings.max_message_bytes == 26214400
    assert settings.dns is False
    assert settings.rate_limits is True


def test_the_environment_overrides_the_file_and_the_file_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "passerelle.toml"
    path.write_text('MAIL_DOMAIN = "lists.example.org"\nSEARCH = "postgresql"\n', encoding="utf-8")
    settings = Settings.load({"PASSERELLE_CONFIG": str(path), "PASSERELLE_SEARCH": "whoosh"})
    assert (settings.mail_domain, settings.search) == ("lists.example.org", "whoosh")


def test_the_number_of_bytes_may_be_text_from_the_environment() -> None:
    assert Settings.load({"PASSERELLE_MAX_MESSAGE_BYTES": "1000"}).max_message_bytes == 1000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "ftp://example.org"),
        ("SITE_URL", "example.org"),
        ("MAIL_DOMAIN", "not a domain"),
        ("LMTP_LISTEN", "8024"),
        ("SMTP_LISTEN", "127.0.0.1:99999"),
        ("SMARTHOST", "http://127.0.0.1"),
        ("SMARTHOST", "file:"),
        ("SMARTHOST", "smtp://127.0.0.1:notaport"),
        ("SEARCH", "elastic"),
        ("MAX_MESSAGE_BYTES", "many"),
        ("MAX_MESSAGE_BYTES", "0"),
        ("DNS", "yes"),
        ("RATE_LIMITS", "1"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("UNDO_SECONDS", "-1"),
        ("FETCH_SECONDS", "0"),
        ("UNDO_SECONDS", "99999999999999"),
        ("UNDO_SECONDS", "9" * 5000),
        ("MAX_MESSAGE_BYTES", "9" * 30),
        ("LMTP_LISTEN", "127.0.0.1:" + "9" * 5000),
        ("SITE_URL", "http://[x"),
        ("SITE_URL", "http://x:99999"),
        ("SITE_URL", "http://example.org/#top"),
        ("SITE_URL", "http://example.org/?"),
        ("SITE_URL", "http://exa mple.org"),
        ("SMARTHOST", "smtp://[::1"),
        ("MAIL_DOMAIN", "a..b"),
        ("MAIL_DOMAIN", "-a.org"),
        ("MAIL_DOMAIN", "x" * 64 + ".org"),
        ("DATABASE_URL", "postgresql+psycopg://[x"),
        ("DATABASE_URL", "postgresql+psycopg://x:abc/y"),
        ("DATABASE_URL", "postgresql+psycopg://x:99999/y"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        Settings.load({f"PASSERELLE_{name}": value})
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SITE_URI"):
        Settings.load({"PASSERELLE_SITE_URI": "http://example.org"})
    path = tmp_path / "passerelle.toml"
    path.write_text("COLOUR = 'red'\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="COLOUR"):
        Settings.load({"PASSERELLE_CONFIG": str(path)})


def test_what_the_tests_require_is_not_a_setting() -> None:
    Settings.load({"PASSERELLE_REQUIRE": "postgresql,browser"})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="absent.toml"):
        Settings.load({"PASSERELLE_CONFIG": str(tmp_path / "absent.toml")})
    path = tmp_path / "broken.toml"
    path.write_text("= nothing", encoding="utf-8")
    with pytest.raises(SettingsError, match="broken.toml"):
        Settings.load({"PASSERELLE_CONFIG": str(path)})


def test_without_a_secret_key_the_way_to_make_one_is_told(tmp_path: Path) -> None:
    settings = Settings.load({"PASSERELLE_DATA_DIR": str(tmp_path)})
    with pytest.raises(SettingsError, match="passerelle init"):
        settings.resolved_secret_key()


def test_the_data_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings.load({"PASSERELLE_DATA_DIR": str(tmp_path / "var")})
    settings.make_data_dir()
    settings.make_data_dir()
    assert settings.data_dir.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "https://example.org/liste/", "http://[::1]:8000"]
)
def test_a_good_address_of_the_site_is_taken(url: str) -> None:
    assert Settings.load({"PASSERELLE_SITE_URL": url}).site_url == url.rstrip("/")
