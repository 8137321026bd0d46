"""What addresses mean."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from forum.operations.lists import ListError, create_list
from mailbridge.addressing import RouteKind, resolve, sub_address
from tests.factories import START, TITLES, Make

DOMAIN = "lists.example.org"


@pytest.fixture
def lists(session: Session, make: Make) -> None:
    make.mailing_list("ancrage")
    make.mailing_list("ancrage-owner-talk")
    make.mailing_list("autre", domain="sympa.example.net")
    make.mailing_list(
        "miroir",
        mode="mirrored",
        upstream_address="miroir@outside.example.net",
        bridge_address="pont@lists.example.org",
    )


@pytest.mark.parametrize(
    ("address", "kind", "slug"),
    [
        ("ancrage@lists.example.org", RouteKind.POST, "ancrage"),
        ("ANCRAGE@LISTS.EXAMPLE.ORG", RouteKind.POST, "ancrage"),
        ("ancrage-subscribe@lists.example.org", RouteKind.SUBSCRIBE, "ancrage"),
        ("ancrage-unsubscribe@lists.example.org", RouteKind.UNSUBSCRIBE, "ancrage"),
        ("Ancrage-Request@Lists.Example.org", RouteKind.REQUEST, "ancrage"),
        ("ancrage-owner@lists.example.org", RouteKind.OWNER, "ancrage"),
        ("ancrage-owner-talk@lists.example.org", RouteKind.POST, "ancrage-owner-talk"),
        ("ancrage-owner-talk-owner@lists.example.org", RouteKind.OWNER, "ancrage-owner-talk"),
        ("ancrage-bounces@lists.example.org", RouteKind.BOUNCES, "ancrage"),
        ("autre@sympa.example.net", RouteKind.POST, "autre"),
        ("autre-request@sympa.example.net", RouteKind.REQUEST, "autre"),
        ("autre@lists.example.org", RouteKind.POST, "autre"),
        ("pont@lists.example.org", RouteKind.BRIDGE, "miroir"),
        ("miroir@lists.example.org", RouteKind.POST, "miroir"),
    ],
)
def test_addresses_of_this_site(
    session: Session, lists: None, address: str, kind: RouteKind, slug: str
) -> None:
    route = resolve(session, address, DOMAIN)
    assert route is not None
    assert (route.kind, route.slug) == (kind, slug)


def test_a_token_keeps_its_case(session: Session, lists: None) -> None:
    route = resolve(session, "ancrage-confirm+aB3_x@LISTS.example.org", DOMAIN)
    assert route is not None
    assert (route.kind, route.token) == (RouteKind.CONFIRM, "aB3_x")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ancrage",
        "@lists.example.org",
        "inconnu@lists.example.org",
        "ancrage@example.net",
        "ancrage@sympa.example.net",
        "ancrage-confirm@lists.example.org",
        "ancrage-moderate@lists.example.org",
        "ancrage-other@lists.example.org",
        "ancrage+tag@lists.example.org",
        "ancrage-request@lists.example.org.example.net",
        "x" * 400 + "@lists.example.org",
    ],
)
def test_addresses_that_mean_nothing(session: Session, lists: None, address: str) -> None:
    assert resolve(session, address, DOMAIN) is None


def test_sub_addresses_are_at_the_lists_own_domain(session: Session, make: Make) -> None:
    found = make.mailing_list("autre", domain="sympa.example.net")
    assert sub_address(found, RouteKind.BOUNCES, "tok") == "autre-bounces+tok@sympa.example.net"


def test_the_postmaster_is_known_with_and_without_a_domain(session: Session, lists: None) -> None:
    for address in ("postmaster", "Postmaster@lists.example.org"):
        route = resolve(session, address, DOMAIN)
        assert route is not None
        assert (route.kind, route.mailing_list_id) == (RouteKind.POSTMASTER, None)
    assert resolve(session, "postmaster@elsewhere.example.org", DOMAIN) is None


def test_what_is_sent_to_the_abuse_address_goes_where_the_postmasters_mail_goes(
    session: Session, lists: None
) -> None:
    route = resolve(session, "Abuse@lists.example.org", DOMAIN)
    assert route is not None
    assert (route.kind, route.mailing_list_id) == (RouteKind.POSTMASTER, None)
    assert resolve(session, "abuse", DOMAIN) is None


@pytest.mark.parametrize("slug", ["postmaster", "abuse"])
def test_no_list_takes_an_address_of_the_site(session: Session, slug: str) -> None:
    with pytest.raises(ListError, match="cannot name a list"):
        create_list(session, f"{slug}@{DOMAIN}", TITLES, START)
