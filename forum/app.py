"""The application factory: settings in, a Flask app with every room joined out."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from forum import i18n, web
from forum.config import SETTINGS
from forum.extensions import csrf, db, limiter, login_manager, migrate
from forum.resources import CHECKOUT
from forum.settings import Settings
from forum.storage.base import configure_engine

MIGRATIONS = str((CHECKOUT / "forum" / "storage" / "migrations").resolve())


def create_app(settings: Settings | None = None) -> Flask:
    """Make the app.

    Args:
        settings: None reads them from defaults, file and environment.

    Raises:
        SettingsError: a setting is unknown or bad, or there is no secret key yet.
    """
    settings = settings or Settings.load()
    app = Flask("forum.web")
    _configure(app, settings)
    db.init_app(app)
    migrate.init_app(app, db, directory=MIGRATIONS, compare_type=True)
    csrf.init_app(app)
    limiter.init_app(app)
    login_manager.init_app(app)
    i18n.init_app(app)
    web.register(app)
    if settings.site_url.startswith("https://"):
        # We speak no TLS ourselves: whoever does stands before us and tells who is asking.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    with app.app_context():
        configure_engine(db.engine, settings.resolved_secret_key())
    return app


def _configure(app: Flask, settings: Settings) -> None:
    https = settings.site_url.startswith("https://")
    settings.make_data_dir()
    app.extensions[SETTINGS] = settings
    app.config.update(
        SECRET_KEY=settings.resolved_secret_key(),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=https,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=settings.max_message_bytes + 1_000_000,
        RATELIMIT_ENABLED=settings.rate_limits,
    )
