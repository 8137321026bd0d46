"""No single mail costs more than seconds or some hundred megabytes, whatever it holds."""

from __future__ import annotations

import pytest

from benchmarks.hostile import KINDS, Cost, measure
from forum.domain.body import MAX_SEGMENTS, segment
from forum.domain.reading import MAX_TEXT
from forum.domain.values import Role

SIZE = 25_000_000
"""Bytes: the largest mail that is taken in."""


@pytest.fixture(scope="module")
def costs() -> dict[str, Cost]:
    """What each kind costs from its bytes to its HTML, in one process that reads them all."""
    return {cost.name: cost for cost in measure(SIZE)}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", KINDS)
def test_the_worst_mails_are_understood_in_time_and_bounds(
    costs: dict[str, Cost], name: str
) -> None:
    cost = costs[name]
    assert cost.bytes >= SIZE - 20_000
    assert cost.seconds < 5
    assert cost.megabytes < 500
    assert cost.characters <= MAX_TEXT


def test_a_body_is_cut_into_so_many_segments_and_the_rest_kept() -> None:
    text = "a\n> b\n" * (2 * MAX_SEGMENTS)
    found = segment(text)
    assert len(found) == MAX_SEGMENTS + 1
    assert found[-1].role is Role.REPLY
    assert "\n".join(part.text for part in found).count("b") == 2 * MAX_SEGMENTS
