"""What the own mail server's spam filter wrote into a message's head.

Anybody can write such a header, as anybody can write Authentication-Results. So they are honoured
only beside the latter: in the block of fields on top, down to the first Received field below an
Authentication-Results of the trusted authserv-id. What a sender wrote stands below the Received
field that the own server added; and the server removes its own authserv-id from what comes in
(RFC 8601, section 5). A filter that adds its fields at the end of the head is not heard.

Rspamd writes `X-Spam: Yes` and `X-Rspamd-Action` or `X-Spamd-Result: default: True […]`;
SpamAssassin `X-Spam-Flag: YES` and `X-Spam-Status: Yes, …`.
"""

from __future__ import annotations

import re
from typing import Final

from forum.domain.headers import Headers
from mailbridge.authentication import trusted_block

_MARKS: Final = {
    b"x-spam": re.compile(rb"\s*yes\b", re.IGNORECASE),
    b"x-spam-flag": re.compile(rb"\s*yes\b", re.IGNORECASE),
    b"x-spam-status": re.compile(rb"\s*yes\b", re.IGNORECASE),
    b"x-spamd-result": re.compile(rb"[^\[]{0,40}:\s*true\b", re.IGNORECASE),
    b"x-rspamd-action": re.compile(
        rb"\s*(?:add[ _]header|rewrite[ _]subject|soft[ _]reject|reject|quarantine)\b",
        re.IGNORECASE,
    ),
}


def marked_spam(raw: bytes, trusted_authserv: str) -> bool:
    """Whether the trusted mail server's filter takes a message for spam.

    Args:
        trusted_authserv: the authserv-id that is believed; empty believes none.
    """
    if not trusted_authserv.strip():
        return False
    return any(
        name in _MARKS and _MARKS[name].match(value) is not None
        for name, value in trusted_block(Headers.of(raw), trusted_authserv)
    )
