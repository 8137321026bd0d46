"""Mails of one author, second, subject and text that carry other files: each is a message.

A scanner sends such mails, and programs that post reports. Copies of one mail are known by their
Message-ID whatever a list did to their files; where that differs, or one has none, the files tell.
"""

from __future__ import annotations

import hashlib

from forum.domain.digest import folded
from forum.domain.message import attachment_content
from forum.domain.values import Submission


def files_of(raw: bytes, submission: Submission) -> frozenset[str]:
    """The digests of a message's files, hex; line ends do not count."""
    found = set()
    for file in submission.attachments:
        _, content = attachment_content(raw, file.index)
        if file.content_type.startswith("text/"):
            content = folded(content.decode("latin-1")).encode()
        found.add(hashlib.sha256(content).hexdigest())
    return frozenset(found)


def are_twins(one: frozenset[str], other: frozenset[str], *, mirrored: bool) -> bool:
    """Whether two mails of the same content are two for their files.

    Args:
        mirrored: Whether they may have come by an outside list: it takes files off, or adds its
            own, and may give its copy another Message-ID.
    """
    if mirrored and (one <= other or other <= one):
        return False
    return one != other


def twin_digest(content_digest: str, files: frozenset[str]) -> str:
    """The digest of a mail whose content another one has, with other files."""
    said = f"{content_digest}:{','.join(sorted(files))}"
    return hashlib.sha256(said.encode()).hexdigest()
