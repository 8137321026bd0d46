"""The small search of a folder of pages, which works without a server.

A browser has no stemmer of ours. What it gets instead are the words of the copy that have a stem in
common, as `forum.domain.analysis` tells: who looks for one of them finds the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from forum.domain.analysis import VARIANT, forms, written_words
from forum.domain.masking import mask_addresses_text
from forum.storage.browsing import ThreadRow
from forum.storage.post_rows import PostRow

SEARCHED: Final = 1_000
"""Characters of each post that the small search looks at."""

_TAG: Final = re.compile(r"<[^>]*>")

SCRIPT: Final = """
"use strict";
const plain = text => text.normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").toLowerCase()
  .replace(/œ/g, "oe").replace(/æ/g, "ae");
const apart = text => ` ${plain(text).replace(/[^\\p{L}\\p{N}]+/gu, " ")} `;
const field = document.getElementById("q");
const list = document.getElementById("found");
const none = document.getElementById("none");
const posts = window.POSTS.map(post => [post, apart(post.slice(1).join(" "))]);
const kin = new Map();
for (const family of window.KIN) {
  for (const word of family) kin.set(word, [...(kin.get(word) || []), ...family]);
}
const shows = (text, word) =>
  text.includes(word) || (kin.get(word) || []).some(other => text.includes(` ${other} `));
field.addEventListener("input", () => {
  const words = apart(field.value).split(" ").filter(Boolean);
  list.replaceChildren();
  let shown = 0;
  for (const [post, text] of words.length ? posts : []) {
    if (!words.every(word => shows(text, word))) continue;
    const link = document.createElement("a");
    link.href = post[0];
    link.textContent = post[1];
    const item = document.createElement("li");
    item.append(link, ` ${post[2]}, ${post[3]}`);
    list.append(item);
    if (++shown === 200) break;
  }
  none.hidden = !words.length || shown > 0;
});
"""


class Kin:
    """Words of a copy by the stems that they have in common."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()
        self._families: dict[str, set[str]] = {}

    def take(self, text: str, language: str) -> None:
        """Note the words of a text.

        Args:
            language: See `forum.domain.analysis.forms`.
        """
        for written in {(word, language) for word in written_words(text)} - self._known:
            self._known.add(written)
            for form in forms(*written):
                for stem in form.stems:
                    word = form.stored.partition(VARIANT)[0]
                    self._families.setdefault(stem, set()).add(word)

    def script(self) -> str:
        """The families of two words or more, as a script that names them."""
        families = {tuple(sorted(words)) for words in self._families.values() if len(words) > 1}
        lines = [json.dumps(family, ensure_ascii=False) for family in sorted(families)]
        return "window.KIN = [\n" + ",\n".join(lines) + "\n];\n"


def search_lines(row: ThreadRow, posts: Iterable[PostRow], kin: Kin) -> Iterator[str]:
    """What the search knows of posts, a line each; their words go to `kin`."""
    for post in posts:
        text = mask_addresses_text(" ".join(_TAG.sub(" ", post.html).split())[:SEARCHED])
        subject = mask_addresses_text(post.subject or row.subject)
        kin.take(f"{subject} {text}", post.language)
        author = mask_addresses_text(post.author)
        entry = f"threads/{row.id}.html#p{post.id}", subject, author, f"{post.date:%Y-%m-%d}", text
        # U+2028 ends a line in old browsers' scripts.
        line = json.dumps(entry, ensure_ascii=False).replace("\u2028", " ").replace("\u2029", " ")
        yield line + ",\n"
