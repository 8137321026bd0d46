"""The API's own description (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from forum import __version__
from forum.config import settings
from forum.domain.values import LANGUAGES

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
IN_EACH_LANGUAGE: Final[Schema] = {
    "type": "object",
    "properties": dict.fromkeys(("fr", "en", "es"), TEXT),
}
LANGUAGE: Final[Schema] = {
    "type": "string",
    "description": "fr, en, es, another BCP 47 code, mul (several) or und (not known).",
}
WRITTEN_IN: Final[Schema] = {"enum": ["fr", "en", "es"], "description": "Detected if left out."}


def add_to(blueprint: Blueprint) -> None:
    """Join the view to the API's blueprint."""
    blueprint.add_url_rule("/openapi.json", "openapi", view_func=show)


def show() -> Response:
    """The description as JSON."""
    return jsonify(description())


def description() -> Schema:
    """The description as a value."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Passerelle",
            "version": __version__,
            "description": (
                "Read what a list holds, search it, and write to it. Public lists can be read "
                "without a token; addresses are then masked. Errors are RFC 9457 problem documents."
            ),
        },
        "servers": [{"url": f"{settings().site_url}/api/v1"}],
        "security": [{}, {"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
            "responses": {
                "Problem": {
                    "description": "An error.",
                    "content": {"application/problem+json": {"schema": _ref("Problem")}},
                }
            },
        },
    }


def _paths() -> Schema:
    pages = [
        _parameter("page", "query", {"type": "integer", "minimum": 1}, "From 1."),
        _parameter(
            "per_page",
            "query",
            {"type": "integer", "minimum": 1, "maximum": 100},
            "20 if left out.",
        ),
    ]
    return {
        **_paths_of_lists(pages),
        **_paths_of_posts(),
        "/search": {"get": _reads("Search.", _ref("Hits"), *_asked_of_search(), *pages)},
    }


def _paths_of_lists(pages: Sequence[Schema]) -> Schema:
    slug = _parameter("slug", "path", TEXT, "The short name of a list.")
    filters = [
        _parameter("language", "query", LANGUAGE, "Only threads with posts in this language."),
        _parameter("tag", "query", TEXT, "Only threads with this tag."),
    ]
    return {
        "/lists": {"get": _reads("The lists you may read.", _page("List"), *pages)},
        "/lists/{slug}": {"get": _reads("One list.", _ref("List"), slug)},
        "/lists/{slug}/threads": {
            "get": _reads("A list's threads.", _page("Thread"), slug, *pages, *filters),
            "post": _writes("Start a thread.", ("subject", "text"), slug),
        },
    }


def _paths_of_posts() -> Schema:
    thread = _parameter("id", "path", NUMBER, "The number of a thread.")
    post = _parameter("id", "path", NUMBER, "The number of a post.")
    identifier = _parameter(
        "message_id", "path", TEXT, "Without angle brackets, percent-encoded; / is allowed."
    )
    one_of = _parameter("list", "query", TEXT, "Look in this list only.")
    return {
        "/threads/{id}": {
            "get": _reads("A thread with its posts.", _ref("ThreadWithPosts"), thread)
        },
        "/threads/{id}/posts": {"post": _writes("Answer.", ("text",), thread)},
        "/posts/{id}": {"get": _reads("A post.", _ref("Post"), post)},
        "/messages/{message_id}": {
            "get": _reads("The post with a Message-ID.", _ref("Post"), identifier, one_of)
        },
    }


def _asked_of_search() -> list[Schema]:
    return [
        _parameter("q", "query", TEXT, "In the search syntax of the help page.", needed=True),
        _parameter("sort", "query", {"enum": ["relevance", "newest", "oldest"]}, "The order."),
        _parameter("without", "query", TEXTS, "Terms of glossaries not to be looked for."),
        _parameter("expand", "query", {"enum": ["no"]}, "Look for what is in q, and no more."),
    ]


def _reads(summary: str, schema: Schema, *parameters: Schema) -> Schema:
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {"200": _json("Found.", schema), "default": _problem()},
    }


def _writes(summary: str, needed: tuple[str, ...], *parameters: Schema) -> Schema:
    fields: Schema = {"text": {**TEXT, "description": "Markdown."}, "language": WRITTEN_IN}
    if "subject" in needed:
        fields["subject"] = TEXT
    else:
        fields["parent_id"] = {**NUMBER, "description": "What is answered; else the first post."}
    body = {"type": "object", "required": list(needed), "properties": fields}
    held = {
        "type": "object",
        "properties": {"held_id": NUMBER, "reasons": TEXTS},
    }
    return {
        "summary": summary,
        "security": [{"token": []}],
        "parameters": list(parameters),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "201": _json("It is posted, and mailed at once.", _ref("Post")),
            "200": _json("The same post was here already.", _ref("Post")),
            "202": _json("A moderator will decide.", held),
            "default": _problem(),
        },
    }


def _schemas() -> Schema:
    thread = _of_a_thread()
    with_posts = thread | {
        "posts": {"type": "array", "items": _ref("Post"), "description": "In reply-tree order."},
        "post_count": NUMBER,
        "synthesis": {"type": "array", "items": _ref("Synthesis")},
    }
    return {
        "List": _list_schema(),
        "Thread": _object(**thread),
        "ThreadWithPosts": _object(**with_posts),
        "Synthesis": _synthesis_schema(),
        "Post": _post_schema(),
        "Translation": _object(
            language={"enum": list(LANGUAGES)},
            text={**TEXT, "description": "Markdown."},
            html=TEXT,
            translator=_object(name=TEXT),
            date=TIME,
            url={**TEXT, "description": "Where the post is shown with it."},
        ),
        "Hits": _hits_schema(),
        "Problem": _object(type=TEXT, title=TEXT, status=NUMBER, detail=TEXT),
    }


def _list_schema() -> Schema:
    return _object(
        slug=TEXT,
        address=TEXT,
        title=IN_EACH_LANGUAGE,
        mode={"enum": ["hosted", "mirrored"]},
        visibility={"enum": ["public", "private"]},
        threads=NUMBER,
        posts=NUMBER,
    )


def _of_a_thread() -> Schema:
    """The properties of a thread, with or without its posts."""
    called = "What moderators call it in a language; else the subject stands."
    return {
        "id": NUMBER,
        "list": TEXT,
        "subject": TEXT,
        "posts": {**NUMBER, "description": "How many."},
        "languages": {"type": "array", "items": LANGUAGE},
        "titles": {**IN_EACH_LANGUAGE, "description": called},
        "tags": TEXTS,
        "labels": {"type": "array", "items": {"enum": ["illustrate", "debate", "propose"]}},
        "started_at": TIME,
        "last_post_at": TIME,
        "state": {"enum": ["open", "closed"]},
    }


def _synthesis_schema() -> Schema:
    return _object(
        language=LANGUAGE,
        text={**TEXT, "description": "Markdown."},
        html=TEXT,
        author=_object(name=TEXT),
        written_at=TIME,
        translated_from={"type": ["string", "null"]},
        posts_since=NUMBER,
    )


def _post_schema() -> Schema:
    roles = ["reply", "quotation", "attribution", "signature", "footer"]
    segment = _object(role={"enum": roles}, language=LANGUAGE, text=TEXT)
    attachment = _object(index=NUMBER, filename=TEXT, content_type=TEXT, size=NUMBER, url=TEXT)
    return _object(
        id=NUMBER,
        thread_id=NUMBER,
        parent_id={"type": ["integer", "null"]},
        message_id=TEXT,
        author=_object(name=TEXT),
        subject=TEXT,
        date=TIME,
        source={"enum": ["web", "email", "import"]},
        language=LANGUAGE,
        segments={"type": "array", "items": segment},
        text={**TEXT, "description": "The whole body, what is quoted marked with >."},
        html={**TEXT, "description": "The same as safe HTML."},
        attachments={"type": "array", "items": attachment},
        translations={"type": "array", "items": _ref("Translation")},
        url=TEXT,
    )


def _hits_schema() -> Schema:
    hit = _object(
        post_id=NUMBER,
        thread_id=NUMBER,
        list=TEXT,
        subject=TEXT,
        author=TEXT,
        date=TIME,
        language=LANGUAGE,
        snippet={**TEXT, "description": "HTML; what was found stands in mark elements."},
        score={"type": "number"},
    )
    counts = {"type": "object", "additionalProperties": NUMBER}
    facets = _object(language=counts, year=counts, author=counts, list=counts, tag=counts)
    return _object(
        items={"type": "array", "items": hit},
        total=NUMBER,
        page=NUMBER,
        per_page=NUMBER,
        facets=facets,
        expanded={
            "type": "array",
            "items": _object(words=TEXT, language=LANGUAGE, term=TEXT),
            "description": "Terms of glossaries that were looked for beside words of the query.",
        },
        readable={"type": "boolean", "description": "Whether the query was read as written."},
        rebuilding={"type": "boolean", "description": "Whether posts may be missing just now."},
    )


def _page(name: str) -> Schema:
    items = {"type": "array", "items": _ref(name)}
    return _object(items=items, total=NUMBER, page=NUMBER, per_page=NUMBER)


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _problem() -> Schema:
    return {"$ref": "#/components/responses/Problem"}


def _json(told: str, schema: Schema) -> Schema:
    return {"description": told, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, place: str, schema: Schema, told: str, *, needed: bool = False) -> Schema:
    return {
        "name": name,
        "in": place,
        "required": needed or place == "path",
        "schema": schema,
        "description": told,
    }
