"""Links that lead out of a mail as they do out of a page."""

from __future__ import annotations

from forum.domain.linking import for_mail

SITE = "http://f.example.org"


def test_mail_has_whole_addresses() -> None:
    text = (
        '[#2](/posts/12) [fil](/threads/3) [guide](/help#write "Aide") '
        "[ailleurs](http://example.org/posts/1) [là](//example.org/posts/1) (/posts/1)\n\n"
        "[guide]: /help"
    )
    assert for_mail(text, SITE) == (
        f'[#2]({SITE}/posts/12) [fil]({SITE}/threads/3) [guide]({SITE}/help#write "Aide") '
        "[ailleurs](http://example.org/posts/1) [là](//example.org/posts/1) (/posts/1)\n\n"
        f"[guide]: {SITE}/help"
    )
