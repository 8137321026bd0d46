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
        "months": f"/lists/{DEMO}/months",
        "person": "/people/1",
        "thread": f"/threads/{rooms.demo_thread}",
        "thread-by-date": f"/threads/{rooms.demo_thread}?order=date",
        "thread-long": f"/threads/{rooms.long_thread}",
        "citation": f"/posts/{rooms.demo_post}/citation",
        "search": "/search",
        "search-found": "/search?q=local",
        "search-nothing": "/search?q=xylophone",
        "search-unreadable": "/search?q=%22monnaie+OR+(",
        "help": "/help",
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
        "own-thread": f"/threads/{rooms.demo_thread}",
        "own-thread-mailed": f"/threads/{rooms.long_thread}",
        "account": "/account",
        "account-mails": "/account/mails",
        "account-subscription": f"/account/subscriptions/{rooms.subscription}",
        "list-settings": f"/lists/{WORKSHOP}/settings",
        "list-members": f"/lists/{WORKSHOP}/members",
        "list-member-remove": f"/lists/{WORKSHOP}/members/remove?member={rooms.subscription}",
        "list-members-add": f"/lists/{WORKSHOP}/members/add",
        "list-invitations": f"/lists/{WORKSHOP}/invitations",
        "compose": f"/lists/{WORKSHOP}/new",
        "answer": f"/threads/{rooms.long_thread}/answer?parent={rooms.long_post}&quote=1",
        "moderation": "/moderation",
        "moderation-decided": "/moderation/decided",
        "moderation-thread": f"/threads/{rooms.long_thread}/moderate?into={rooms.demo_thread}",
        "moderation-post": f"/posts/{rooms.long_post}/moderate?parent={rooms.long_post}",
        "moderation-remove": f"/posts/{rooms.long_post}/remove",
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
