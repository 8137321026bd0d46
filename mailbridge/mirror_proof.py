"""Whether mail that bears the outside list's name left that list's own servers.

Anybody can write a List-Id. SPF (RFC 7208) told the site's own mail server where each message came
from: where it has proved the outside list's domain time after time, what comes from elsewhere is
held. Nothing is remembered but the stored bytes, so that a moderator who accepts such a message
has said that the list sends from there too.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.headers import Headers
from forum.domain.mirroring import Outside
from forum.operations.raw import load_raw
from forum.storage.mail import Incoming, IncomingState
from mailbridge.authentication import trusted_results
from mailbridge.mirror_arrival import Arrival

ENOUGH: Final = 20
"""Of the newest posts from the outside list, all of which must be proved for one that is not."""


def is_from_elsewhere(session: Session, arrival: Arrival, trusted_authserv: str) -> bool:
    """Whether a mail that says that the outside list sent it did not come from that list's domain.

    Args:
        trusted_authserv: The authserv-id to believe; empty believes none, and nothing is held.
    """
    if came_from(arrival.headers, trusted_authserv, arrival.outside) is not False:
        return False
    earlier = session.scalars(
        select(Incoming)
        .where(
            Incoming.mailing_list_id == arrival.mailing_list.id,
            Incoming.forward_path == arrival.outside.bridge,
            Incoming.state == IncomingState.POSTED,
        )
        .order_by(Incoming.id.desc())
        .limit(ENOUGH)
    ).all()
    if len(earlier) < ENOUGH:
        return False
    found = (Headers.of(load_raw(one.raw)) for one in earlier)
    return all(came_from(headers, trusted_authserv, arrival.outside) for headers in found)


def came_from(headers: Headers, trusted_authserv: str, outside: Outside) -> bool | None:
    """Whether the trusted server saw a message come from the outside list's domain.

    None where it does not say, or where a signature of that domain held on another way.
    """
    results = trusted_results(headers, trusted_authserv)
    passed = {
        one.method
        for one in results
        if one.result == "pass" and any(outside.is_near(domain) for domain in one.domains)
    }
    if "spf" in passed:
        return True
    told = {one.result for one in results if one.method == "spf"}
    is_told = bool(told & {"pass", "fail", "softfail"})
    return False if is_told and "dkim" not in passed else None
