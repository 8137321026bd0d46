"""What others must not read in a text: mail addresses, and the secrets in our own mails."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

MASK: Final = "…"
"""Stands for what was taken away."""

# Every expression is anchored at a character that is rare, and bounded: nothing scans a text twice.
_LABEL = r"[^\W_](?:[\w-]{0,62}[^\W_])?"
_DOMAIN = rf"(?:\[[0-9a-fA-F.:]{{2,45}}\]|{_LABEL}(?:\.{_LABEL}){{0,9}})"
_OPEN, _CLOSE = r"[ \t]?[\[({<][ \t]?", r"[ \t]?[\])}>][ \t]?"
_AT = re.compile(
    rf"(?<=[\w.+=~'\"-])(?:@|%40|&#0{{0,5}}64;|&#x0{{0,5}}40;|&commat;){_DOMAIN}", re.IGNORECASE
)
_AT_AFTER_TAG = re.compile(rf"(</[a-z][a-z0-9]{{0,9}}>)@{_DOMAIN}")
_SPELT_AT = re.compile(
    rf"(?<=[\w])(?P<at>{_OPEN}(?:at|arobase|arroba|chez|en|@){_CLOSE})"
    rf"{_LABEL}(?:(?:\.|{_OPEN}(?:dot|point|punto){_CLOSE}){_LABEL}){{0,9}}"
    rf"|(?<=[\w])(?P<word> (?:at|AT) )(?!www\.){_LABEL}(?:\.{_LABEL}){{1,9}}"
    rf"|(?<=[\w])(?P<dots> (?:at|AT) ){_LABEL}(?: (?:dot|DOT) {_LABEL}){{1,9}}"
)
_BRACKETED_AT = re.compile(rf"[\[({{<][ \t]?(?:at|arobase|arroba|chez|en|@){_CLOSE}")
_ANCHOR = re.compile(r'<a href="([^"]{0,4000})"[^<>]{0,2000}>')
_COMMANDS = "confirm|bounces|moderate"
_ADDRESS_TOKEN = re.compile(
    rf"-({_COMMANDS})(\+|%2B|&#43;)[A-Za-z0-9._~=-]{{1,512}}(?=@|%40|&#64;)", re.IGNORECASE
)
_PAGES = "unsubscribe|confirm|login|settings"
_PATH_TOKEN = re.compile(rf"/({_PAGES})/[A-Za-z0-9._~=%-]{{8,1024}}")
# Mail filters wrap each link of a mail in one of their own, and answers quote it so.
_WRAPPED_TOKEN = re.compile(rf"%2F({_PAGES})%2F[A-Za-z0-9_-]{{8,1024}}", re.IGNORECASE)


def mask_addresses_text(text: str) -> str:
    """Plain text for readers who may not see mail addresses: `ana@example.org` gives `ana@…`.

    Also the forms archives write them in, such as `ana at example.org` and `ana [at] example.org`.
    """
    # Most texts that are asked about are names and words: a look for the signs costs little.
    if "@" in text or "&" in text or "%40" in text:
        text = _AT.sub("@" + MASK, text)
    if " at " not in text and " AT " not in text and not _BRACKETED_AT.search(text):
        return text
    return _SPELT_AT.sub(lambda found: (found["at"] or found["word"] or found["dots"]) + MASK, text)


def mask_addresses_html(html: str) -> str:
    """The same for sanitised HTML; a link whose target held an address loses the target.

    :param html: as `markup` makes it: attributes in double quotes.
    """
    if "<a " in html:
        html = _ANCHOR.sub(_unlinked, html)
    if ">@" in html:
        html = _AT_AFTER_TAG.sub(rf"\1@{MASK}", html)
    return mask_addresses_text(html)


def _unlinked(found: re.Match[str]) -> str:
    target = found[1]
    return found[0] if mask_addresses_text(target) == target else "<a>"


def redact_tokens(text: str) -> str:
    """Text or HTML without the secrets of our own mails, wherever a quoted one shows them.

    These are the tokens in `<slug>-confirm+TOKEN@`, `-bounces+TOKEN@` and `-moderate+TOKEN@`, and
    in web addresses whose path holds `/unsubscribe/TOKEN`, `/confirm/TOKEN` or `/login/TOKEN`,
    also where a mail filter has put the whole address, percent-encoded, into one of its own.
    """
    text = _ADDRESS_TOKEN.sub(lambda found: f"-{found[1]}{found[2]}{MASK}", text)
    text = _WRAPPED_TOKEN.sub(lambda found: f"%2F{found[1]}%2F{MASK}", text)
    return _PATH_TOKEN.sub(lambda found: f"/{found[1]}/{MASK}", text)


def redact_own_tokens(text: str, site_url: str) -> str:
    """Text on its way to others, without the secrets of our own mails that it quotes.

    Words of an author stay as they are: only addresses of this site lose their tokens.

    Args:
        site_url: without a slash at its end.
    """
    plain = rf"{re.escape(site_url)}/(?:{_PAGES})/"
    wrapped = rf"{re.escape(quote(site_url, safe=''))}%2F(?:{_PAGES})%2F"
    text = re.sub(rf"({plain}|(?i:{wrapped}))[\w-]{{8,}}", rf"\1{MASK}", text)
    return re.sub(rf"(-(?:{_COMMANDS})\+)[\w.~-]{{8,}}(?=@)", rf"\1{MASK}", text)
