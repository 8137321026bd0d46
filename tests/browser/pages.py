"""Every page, by a name that file names can bear."""

from __future__ import annotations

from tests.browser.house import DEMO, WORKSHOP, Rooms

SUBSCRIBERS_WORDS = frozenset({"choices-by-link", "unsubscribe"})
"""Pages in the subscriber's language, whatever the browser's."""


def open_pages(rooms: Rooms) -> dict[str, str]:
    """What everybody sees."""
    return {
        "home": "/",
        "list": f"/lists/{DEMO}/",
        "list-filtered": f"/lists/{DEMO}/?language=es",
        "list-combined": f"/lists/{DEMO}/?language=fr&unanswered=1&year=2009&tag=none",
        "months": f"/lists/{DEMO}/months",
        "topics": f"/lists/{WORKSHOP}/topics",
        "person": "/people/1",
        "thread": f"/threads/{rooms.demo_thread}",
        "thread-by-date": f"/threads/{rooms.demo_thread}?order=date",
        "thread-parallel": f"/threads/{rooms.parallel_thread}",
        "thread-long": f"/threads/{rooms.long_thread}",
        "thread-translated": f"/threads/{rooms.translated_thread}",
        "thread-as-written": f"/threads/{rooms.translated_thread}?translation=original",
        "citation": f"/posts/{rooms.demo_post}/citation",
        "search": "/search",
        "search-found": "/search?q=local",
        "search-nothing": "/search?q=xylophone",
        "search-unreadable": "/search?q=%22monnaie+OR+(",
        "search-threads": "/search?q=local&view=threads",
        "search-parts": "/search?q=monnaie+xylophone+after:2009",
        "glossary": f"/lists/{DEMO}/glossary",
        "help": "/help",
        "help-api": "/help/api?call=lists",
        "about": "/about",
        "login": "/login",
        "login-too-late": "/login/unknown",
        "subscribe": f"/lists/{DEMO}/subscribe",
        "choices-ask": f"/lists/{DEMO}/choices",
        "choices-by-link": f"/settings/{rooms.choices}",
        "choices-too-late": "/settings/unknown",
        "invitation": f"/confirm/{rooms.invitation}",
        "unsubscribe": f"/unsubscribe/{rooms.token}",
        "unsubscribe-unknown": "/unsubscribe/unknown",
        "confirm-unknown": "/confirm/unknown",
        "not-found": "/nowhere",
    }


def administrator_pages(rooms: Rooms) -> dict[str, str]:
    """What somebody who is signed in and administers sees besides."""
    return {
        "own-home": "/",
        "own-list": f"/lists/{WORKSHOP}/",
        "own-list-mine": f"/lists/{WORKSHOP}/?mine=1&unanswered=1",
        "own-thread": f"/threads/{rooms.demo_thread}",
        "own-thread-mailed": f"/threads/{rooms.long_thread}",
        "account": "/account",
        "account-mails": "/account/mails",
        "account-drafts": "/account/drafts",
        "account-searches": "/account/searches",
        "list-glossary-edit": f"/lists/{WORKSHOP}/glossary/edit",
        "account-subscription": f"/account/subscriptions/{rooms.subscription}",
        "list-settings": f"/lists/{WORKSHOP}/settings",
        "list-members": f"/lists/{WORKSHOP}/members",
        "list-member-remove": f"/lists/{WORKSHOP}/members/remove?member={rooms.subscription}",
        "list-members-add": f"/lists/{WORKSHOP}/members/add",
        "list-invitations": f"/lists/{WORKSHOP}/invitations",
        "list-glossary": f"/lists/{WORKSHOP}/glossary",
        "list-glossary-filled": f"/lists/{DEMO}/glossary",
        "compose": f"/lists/{WORKSHOP}/new",
        "answer": f"/threads/{rooms.long_thread}/answer?parent={rooms.long_post}&quote=1",
        "moderation": "/moderation",
        "moderation-decided": "/moderation/decided",
        "moderation-held": "/moderation/held/1",
        "rules": f"/lists/{WORKSHOP}/rules",
        "admin-erasures": "/admin/erasures",
        "moderation-thread": f"/threads/{rooms.long_thread}/moderate?into={rooms.demo_thread}",
        "moderation-post": f"/posts/{rooms.long_post}/moderate?parent={rooms.long_post}",
        "moderation-remove": f"/posts/{rooms.long_post}/remove",
        "synthesis": f"/threads/{rooms.long_thread}/synthesis?language=en",
        "synthesis-send": f"/threads/{rooms.long_thread}/synthesis/send",
        "own-thread-translated": f"/threads/{rooms.translated_thread}",
        "translate": f"/posts/{rooms.long_post}/translate",
        "translate-again": f"/posts/{rooms.translated_post}/translate?language=es",
        "translate-undo": f"/posts/{rooms.translated_post}/translate/undo?language=es",
        "list-translate": f"/lists/{DEMO}/translate",
        "topic-edit": f"/lists/{WORKSHOP}/topics/edit",
        "moderation-audit": f"/moderation/audit/{WORKSHOP}",
        "moderation-reports": "/moderation/reports",
        "post-report": f"/posts/{rooms.long_post}/report",
        "post-history": f"/posts/{rooms.long_post}/history",
        "admin": "/admin",
        "admin-new-list": "/admin/lists/new",
        "admin-list": f"/admin/lists/{WORKSHOP}",
        "outgoing": f"/lists/{WORKSHOP}/outgoing",
        "admin-accounts": "/admin/accounts",
        "admin-audit": "/admin/audit",
        "admin-mail": "/admin/mail",
    }
