"""How many copies may leave in an hour: a mistake stays small, honest mail is not slowed down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
BUCKET: Final = timedelta(minutes=5)
"""What left is counted by so many minutes: the hour slides on in such steps."""


def list_scope(mailing_list_id: int) -> str:
    """The name under which a list's copies are counted."""
    return f"list:{mailing_list_id}"


def domain_scope(email: str) -> str:
    """The name under which the copies to a domain are counted."""
    return f"domain:{email.rpartition('@')[2].lower()}"


def bucket_of(now: datetime) -> datetime:
    """When the minutes began that are counted together."""
    return now - timedelta(
        minutes=now.minute % (BUCKET.seconds // 60), seconds=now.second,
        microseconds=now.microsecond,
    )  # fmt: skip


@dataclass(slots=True)
class Allowance:
    """What may leave still. 0 means without limit."""

    per_list: int
    per_domain: int
    of_lists: Mapping[str, int] = field(default_factory=dict)
    """Where a list has a limit of its own, by scope."""
    used: Counter[str] = field(default_factory=Counter)
    """In the last hour, by scope."""

    def limit(self, scope: str) -> int:
        """How many copies may leave in an hour."""
        if scope.startswith("domain:"):
            return self.per_domain
        return self.of_lists.get(scope, self.per_list)

    def take(self, scopes: Collection[str]) -> bool:
        """Count one copy in all these scopes, if each has room for it."""
        if any(self._is_full(scope) for scope in scopes):
            return False
        self.used.update(scopes)
        return True

    def give_back(self, scopes: Collection[str]) -> None:
        """A copy that was counted did not leave."""
        self.used.subtract(scopes)

    def full(self) -> list[str]:
        """The scopes of which nothing may leave now."""
        return sorted(scope for scope in self.used if self._is_full(scope))

    def _is_full(self, scope: str) -> bool:
        limit = self.limit(scope)
        return 0 < limit <= self.used[scope]
