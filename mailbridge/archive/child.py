"""Processes of their own that prepare messages: they know the rules, and no database."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from forum.children import ChildEnded, Children
from forum.domain.language_model import drop_model, load_model
from forum.domain.mirroring import Outside
from forum.domain.preparing import Shown, Understood, show, understand
from forum.domain.values import TextFormat


@dataclass(frozen=True, slots=True)
class Understand:
    """Asks for a message to be parsed."""

    raw: bytes
    arrived_at: datetime
    level: int
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """Asks for a text to be cut, told its language and rendered."""

    text: str
    text_format: TextFormat
    declared: str | None
    parent_text: str | None
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class Crash:
    """Our own code failed on a job."""

    detail: str


Job = Understand | Show
Answer = Understood | Shown | Crash


def work(job: Job) -> Answer:
    """Do a job."""
    try:
        match job:
            case Understand(raw, arrived_at, level, outside):
                return understand(raw, arrived_at, level, outside)
            case Show(text, text_format, declared, parent_text, outside):
                return show(text, text_format, declared, parent_text, outside=outside)
    except Exception as error:  # One message must not cost the others their import.
        return Crash(f"{type(error).__name__}: {error}"[:500])


class Workers(Children):
    """Children that work on lists of jobs side by side."""

    def __init__(self, number: int) -> None:
        # Before they are forked: they share it.
        load_model()
        super().__init__(lambda: _all_done, number)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        drop_model()

    def ask(self, request: object) -> list[Answer]:
        """Have a list of jobs done; one that a child ends on is a crash."""
        assert isinstance(request, list)
        jobs: list[Job] = request
        try:
            answers: list[Answer] = super().ask(jobs)
        except ChildEnded:
            if len(jobs) == 1:
                return [Crash("the process that reads messages ended on it")]
            return [answer for job in jobs for answer in self.ask([job])]
        return answers

    def work(self, jobs: list[Job]) -> Future[list[Answer]]:
        """Have a list of jobs done by the next child that is free."""
        return self.submit(jobs)


def _all_done(jobs: list[Job]) -> list[Answer]:
    return [work(job) for job in jobs]
