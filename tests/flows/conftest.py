"""Fixtures of the flows: a mail server of the outside world and a whole site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.sink import Sink
from tests.flows.site import Site


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Everybody's mailbox."""
    with Sink() as sink:
        yield sink


@pytest.fixture
def site(migrated: Path, tmp_path: Path, sink: Sink) -> Iterator[Site]:
    """A site that sends its mail to the sink, started."""
    site = Site.of(migrated, tmp_path / "var", f"smtp://127.0.0.1:{sink.port}")
    with site:
        yield site
