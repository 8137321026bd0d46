"""The shapes of what the JSON API gives (JSON Schema, as OpenAPI 3.1 has it)."""

from __future__ import annotations

from typing import Any, Final

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


def schemas() -> Schema:
    """Every schema, by its name."""
    thread = _of_a_thread()
    with_posts = thread | {
        "posts": {"type": "array", "items": ref("Post"), "description": "In reply-tree order."},
        "post_count": NUMBER,
        "synthesis": {"type": "array", "items": ref("Synthesis")},
    }
    return {
        "List": _list_schema(),
        "Thread": object_of(**thread),
        "ThreadWithPosts": object_of(**with_posts),
        "Synthesis": _synthesis_schema(),
        "Post": _post_schema(),
        "Translation": object_of(
            language={"enum": list(LANGUAGES)},
            text={**TEXT, "description": "Markdown."},
            html=TEXT,
            translator=object_of(name=TEXT),
            date=TIME,
            url={**TEXT, "description": "Where the post is shown with it."},
        ),
        "Hits": _hits_schema(),
        "Problem": object_of(type=TEXT, title=TEXT, status=NUMBER, detail=TEXT),
    }


def _list_schema() -> Schema:
    return object_of(
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
    return object_of(
        language=LANGUAGE,
        text={**TEXT, "description": "Markdown."},
        html=TEXT,
        author=object_of(name=TEXT),
        written_at=TIME,
        translated_from={"type": ["string", "null"]},
        posts_since=NUMBER,
    )


def _post_schema() -> Schema:
    roles = ["reply", "quotation", "attribution", "signature", "footer"]
    segment = object_of(role={"enum": roles}, language=LANGUAGE, text=TEXT)
    attachment = object_of(index=NUMBER, filename=TEXT, content_type=TEXT, size=NUMBER, url=TEXT)
    return object_of(
        id=NUMBER,
        thread_id=NUMBER,
        parent_id={"type": ["integer", "null"]},
        message_id=TEXT,
        author=object_of(name=TEXT),
        subject=TEXT,
        date=TIME,
        source={"enum": ["web", "email", "import"]},
        language=LANGUAGE,
        segments={"type": "array", "items": segment},
        text={**TEXT, "description": "The whole body, what is quoted marked with >."},
        html={**TEXT, "description": "The same as safe HTML."},
        attachments={"type": "array", "items": attachment},
        translations={"type": "array", "items": ref("Translation")},
        url=TEXT,
    )


def _hits_schema() -> Schema:
    hit = object_of(
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
    facets = object_of(language=counts, year=counts, author=counts, list=counts, tag=counts)
    return object_of(
        items={"type": "array", "items": hit},
        total=NUMBER,
        page=NUMBER,
        per_page=NUMBER,
        facets=facets,
        expanded={
            "type": "array",
            "items": object_of(words=TEXT, language=LANGUAGE, term=TEXT),
            "description": "Terms of glossaries that were looked for beside words of the query.",
        },
        readable={"type": "boolean", "description": "Whether the query was read as written."},
        notices={
            "type": "array",
            "items": object_of(
                code={"type": "string", "enum": ["unknown-field"]},
                field=TEXT,
                instead={"type": ["string", "null"], "description": "The nearest field's name."},
            ),
            "description": "What was written as a field and is none; it was searched as a word.",
        },
        rebuilding={"type": "boolean", "description": "Whether posts may be missing just now."},
    )


def page_of(name: str) -> Schema:
    """A page of what has a name."""
    items = {"type": "array", "items": ref(name)}
    return object_of(items=items, total=NUMBER, page=NUMBER, per_page=NUMBER)


def object_of(**properties: Schema) -> Schema:
    """An object with these properties."""
    return {"type": "object", "properties": properties}


def ref(name: str) -> Schema:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}
