"""The API's own description (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from forum import __version__
from forum.config import settings
from forum.web.api.schemas import LANGUAGE, NUMBER, TEXT, TEXTS, Schema, page_of, ref, schemas

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
            "schemas": schemas(),
            "responses": {
                "Problem": {
                    "description": "An error.",
                    "content": {"application/problem+json": {"schema": ref("Problem")}},
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
        "/search": {"get": _reads("Search.", ref("Hits"), *_asked_of_search(), *pages)},
    }


def _paths_of_lists(pages: Sequence[Schema]) -> Schema:
    slug = _parameter("slug", "path", TEXT, "The short name of a list.")
    filters = [
        _parameter("language", "query", LANGUAGE, "Only threads with posts in this language."),
        _parameter("tag", "query", TEXT, "Only threads with this tag."),
    ]
    return {
        "/lists": {"get": _reads("The lists you may read.", page_of("List"), *pages)},
        "/lists/{slug}": {"get": _reads("One list.", ref("List"), slug)},
        "/lists/{slug}/threads": {
            "get": _reads("A list's threads.", page_of("Thread"), slug, *pages, *filters),
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
            "get": _reads("A thread with its posts.", ref("ThreadWithPosts"), thread)
        },
        "/threads/{id}/posts": {"post": _writes("Answer.", ("text",), thread)},
        "/posts/{id}": {"get": _reads("A post.", ref("Post"), post)},
        "/messages/{message_id}": {
            "get": _reads("The post with a Message-ID.", ref("Post"), identifier, one_of)
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
            "201": _json("It is posted, and mailed at once.", ref("Post")),
            "200": _json("The same post was here already.", ref("Post")),
            "202": _json("A moderator will decide.", held),
            "default": _problem(),
        },
    }


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
