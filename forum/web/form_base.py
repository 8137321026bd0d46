"""What every form of the site is made of."""

from __future__ import annotations

from flask_wtf import FlaskForm


class SiteForm(FlaskForm):  # type: ignore[misc]  # The library has no annotations.
    """A form that a stranger's page cannot send (a token guards it)."""
