"""The check of the translations: `python -m tests.catalogues` fails with a line for each fault.

A catalogue must hold exactly the messages of the code, none fuzzy, and in French and Spanish none
empty; a translation names the same placeholders as its source.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("fr", "en", "es")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
KEYWORDS = dict(DEFAULT_KEYWORDS) | {"lazy_gettext": None, "_l": None, "lazy_ngettext": (1, 2)}


def extracted() -> frozenset[str | tuple[str, ...]]:
    """Every message id the code and the templates hold."""
    with (ROOT / "config" / "babel.cfg").open(encoding="utf-8") as stream:
        methods, options = parse_mapping_cfg(stream)
    found = extract_from_dir(ROOT, methods, options, KEYWORDS, directory_filter=_is_source)
    return frozenset(message for _, _, message, _, _ in found if message)


def _is_source(path: object) -> bool:
    return Path(str(path)).name not in {".venv", ".git", "tests", "node_modules", "__pycache__"}


def faults(language: str, wanted: frozenset[str | tuple[str, ...]]) -> Iterator[str]:
    """What is wrong with the catalogue of a language, a line each."""
    path = ROOT / "translations" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as stream:
        catalogue: Catalog = read_po(stream, locale=language)
    present = {message.id for message in catalogue if message.id}
    for missing in sorted(wanted - present, key=str):
        yield f"{language}: not in the catalogue: {missing!r} (make messages)"
    for stale in sorted(present - wanted, key=str):
        yield f"{language}: not in the code any more: {stale!r} (make messages)"
    for message in catalogue:
        if message.id:
            yield from _message_faults(language, message)


def _message_faults(language: str, message: Message) -> Iterator[str]:
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    if message.fuzzy:
        yield f"{language}: fuzzy: {message.id!r}"
    if language != "en" and not all(texts):
        yield f"{language}: not translated: {message.id!r}"
        return
    sources = message.id if isinstance(message.id, tuple) else (message.id,)
    allowed = {name for source in sources for name in PLACEHOLDER.findall(source)}
    for text in filter(None, texts):
        if not set(PLACEHOLDER.findall(text)) <= allowed:
            yield f"{language}: other placeholders than the source: {message.id!r}"
        if len(sources) == 1 and set(PLACEHOLDER.findall(text)) != allowed:
            yield f"{language}: a placeholder is missing: {message.id!r}"


def main() -> int:
    """Print every fault; 1 if there was one."""
    wanted = extracted()
    found = [fault for language in LANGUAGES for fault in faults(language, wanted)]
    for fault in found:
        print(fault)
    print(f"{len(wanted)} messages, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
