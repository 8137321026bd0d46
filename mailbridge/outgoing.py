"""From a post to the message that one subscriber receives, in the subscriber's language.

What is the same for all who read a language is built once, with a placeholder of ASCII bytes for
the subscription's token; each copy is that with its token in place and its own headers in front.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from forum.clock import utcnow
from forum.domain.headers import Headers, split_headers
from forum.domain.masking import redact_own_tokens
from forum.domain.values import Source
from forum.operations.translated import Mailed, Translated
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.people import Subscription
from mailbridge import arc, light_post, list_headers, mail_page, texts
from mailbridge.addressing import RouteKind, sub_address
from mailbridge.dns_text import TxtLookup, of_this_machine
from mailbridge.header_fields import LINE_ENDS
from mailbridge.mime_edit import Footer, with_footer
from mailbridge.rendering import own_words
from mailbridge.sender import people_fields, subject_field
from mailbridge.signing import BodyHash
from mailbridge.signing_keys import KeyRing, Seal, message_of, ring_of
from mailbridge.translated import rendering_of

PLACEHOLDER: Final = f"TOKEN{secrets.token_hex(22)}TOKEN"[:48]
"""As long as a subscription's token, and not to be guessed by who writes a post."""

CACHED_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Copies:
    """A post as all who read one language receive it, but for what is each one's own."""

    head: bytes
    """All fields of the header."""
    body: bytes
    """With the placeholder inside."""

    @property
    def message(self) -> bytes:
        """The whole, as it stands inside a digest."""
        return self.head + b"\r\n" + self.body


@dataclass(frozen=True, slots=True)
class Copy:
    """A message for one recipient."""

    reverse_path: str
    recipient: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """How a subscriber wants posts."""

    plain: bool = False
    links: bool = False
    """Instead of attachments."""


@dataclass(frozen=True, slots=True)
class _Built:
    copies: Copies
    hash: BodyHash
    seal: Seal | None


_Key = tuple[int, int, int, str, Form]
"""The post, how often it was changed, the translation, the reader's language and form."""


@dataclass(slots=True)
class Builder:
    """Builds copies; keeps the last posts, for a post goes to many in a row."""

    settings: Settings
    lookup: TxtLookup | None = None
    """Asks the DNS for the policies of authors' domains; None takes this machine's name servers,
    where the settings allow it."""
    _ring: KeyRing = field(init=False)
    _cache: OrderedDict[_Key, _Built] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._ring = ring_of(self.settings.data_dir, self.settings.mail_domain)
        if self.settings.dns and self.lookup is None:
            self.lookup = of_this_machine()

    def build(
        self,
        post: Post,
        load: Callable[[], bytes],
        subscription: Subscription,
        translated: Translated | None = None,
    ) -> Copy:
        """The copy of one subscription.

        Args:
            load: gives the stored bytes of the post; called where they are needed.
            translated: what is sent in the place of the post's own words.
        """
        mailing_list = post.mailing_list
        token = subscription.token
        form = Form(subscription.plain_text, subscription.attachments_as_links)
        built = self._built(post, load, subscription.language, form, translated)
        own = list_headers.recipient_fields(mailing_list, self.settings.site_url, token)
        body = built.copies.body.replace(PLACEHOLDER.encode(), token.encode())
        head = own + built.copies.head
        message = message_of(head, body, self._ring, built.hash, token.encode(), built.seal)
        reverse_path = sub_address(mailing_list, RouteKind.BOUNCES, token)
        return Copy(reverse_path, subscription.address.email, message)

    def _built(
        self,
        post: Post,
        load: Callable[[], bytes],
        language: str,
        form: Form,
        translated: Translated | None,
    ) -> _Built:
        version = translated.version.id if translated else 0
        key = (post.id, post.corrections, version, language, form)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._made(post, load(), language, form, translated)
            # The hash keeps the body a second time, in the form that is hashed.
            while sum(2 * len(one.copies.body) for one in self._cache.values()) > CACHED_BYTES:
                self._cache.popitem(last=False)
        return found

    def _made(
        self, post: Post, loaded: bytes, language: str, form: Form, translated: Translated | None
    ) -> _Built:
        site_url, where = self.settings.site_url, post.mailing_list
        if translated is None:
            raw = _in_form(post, loaded, language, form, site_url)
            copies = copies_of(post, raw, where, language, self.settings, self.lookup)
            seal = self._seal(post, loaded)
        else:
            copies = copies_of(
                translated, loaded, where, language, self.settings, self.lookup, plain=form.plain
            )
            seal = None
        return _Built(copies, BodyHash(copies.body, PLACEHOLDER.encode()), seal)

    def _seal(self, post: Post, raw: bytes) -> Seal | None:
        """What seals the findings about a mail onto its copies, where that is wanted."""
        if not self.settings.arc or post.source != Source.EMAIL:
            return None
        chain = arc.chain_of(raw, self.settings, self.lookup)
        if chain is None:
            return None
        return lambda head, digest, signer: arc.sealed(chain, head, digest, signer, utcnow())


def copies_of(
    mailed: Mailed,
    raw: bytes,
    mailing_list: MailingList,
    language: str,
    settings: Settings,
    lookup: TxtLookup | None = None,
    *,
    plain: bool = False,
) -> Copies:
    """What all who read a language receive alike.

    Args:
        raw: the stored bytes of the post; any line ends.
        language: of the footer: fr, en or es.
        lookup: asks the DNS; None where that is not wanted.
        plain: whether a translation goes without HTML.
    """
    raw, site_url = LINE_ENDS.sub(b"\r\n", raw), settings.site_url
    headers = Headers(split_headers(raw, 0, len(raw))[0])
    if isinstance(mailed, Translated):
        post, shown = mailed.post, rendering_of(mailed, headers, language, site_url, plain=plain)
    else:
        post, shown = mailed, own_words(mailed, raw, headers, site_url)
    content = with_footer(
        shown.raw,
        footer(post, mailing_list, language, site_url),
        lambda text: redact_own_tokens(text, site_url),
        shown.dress,
    )
    head = b"".join(
        (
            shown.identity,
            subject_field(headers, mailing_list),
            people_fields(
                shown.people, post, mailing_list, language,
                mail_domain=settings.mail_domain, lookup=lookup,
            ),
            shown.kept,
            list_headers.list_fields(mailing_list, site_url),
            list_headers.archived_at(post, site_url),
            list_headers.content_language(shown.languages),
            _with_version(content.fields),
        )
    )  # fmt: skip
    return Copies(head, content.body)


def _with_version(fields: bytes) -> bytes:
    """MIME fields with MIME-Version among them, which some programs forget."""
    has_version = fields.upper().startswith(b"MIME-VERSION") or b"\r\nMIME-Version" in fields
    return fields if has_version else b"MIME-Version: 1.0\r\n" + fields


def footer(post: Post, mailing_list: MailingList, language: str, site_url: str) -> Footer:
    """What stands below a post: where it is on the web, and how to leave."""
    text = texts.fill(
        "footer",
        language,
        {
            "title": mailing_list.title(language),
            "address": mailing_list.address,
            "post_url": f"{site_url}/posts/{post.id}",
            "unsubscribe_url": list_headers.unsubscribe_url(site_url, PLACEHOLDER),
        },
    ).body
    lines = [line for line in text.splitlines() if line.strip("_ ")]
    shown = (
        f'<hr style="{mail_page.RULE}">'
        f'<p lang="{language}" style="{mail_page.SMALL}">{mail_page.with_links(lines)}</p>'
    )
    return Footer(text, shown, PLACEHOLDER.encode())


def _in_form(post: Post, raw: bytes, language: str, form: Form, site_url: str) -> bytes:
    if form.links:
        raw = light_post.with_links(post, raw, language, site_url)
    return light_post.text_alone(post, raw) if form.plain else raw
