"""How postings are stored in a Whoosh segment: one term, one run of packed arrays.

Whoosh's own codec stores pickled tuples of 128 postings and looks at the disk for each of them: an
index of seven times the text, 120 posts a second, and matchers that step through postings one by
one. This codec keeps Whoosh's segments, columns, deletions, merges and commits, and replaces terms
(`forum.search.whoosh_terms`) and postings: they are gathered in memory
(`forum.search.whoosh_gathering`, and `forum.search.whoosh_pool` where segments are merged), packed
(`forum.search.whoosh_postings`), and read back as arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from whoosh.codec.whoosh3 import W3Codec
from whoosh.reading import TermNotFound
from whoosh.writing import SegmentWriter

from forum.search.whoosh_gathering import PostingsPool, Words
from forum.search.whoosh_pool import MergingPool, Written
from forum.search.whoosh_postings import PackedPostings
from forum.search.whoosh_terms import BLOCK, TermsReader, TermsWriter


class PackedWriter(SegmentWriter):  # type: ignore[misc]
    """Whoosh's writer with our pool and codec; it takes new documents."""

    def __init__(self, index: Any, words: Words | None = None, **options: Any) -> None:
        """Begin; `words` are those of an earlier writer, which need not be analysed again."""
        super().__init__(index, codec=PackedCodec(), **options)
        self.pool = PostingsPool(Words() if words is None else words)

    def finished_segment(self) -> Any:
        """Write the segment, which nothing names yet; the writer cannot be used any more."""
        segment = self._finalize_segment()
        self._finish()
        return segment


class MergingWriter(SegmentWriter):  # type: ignore[misc]
    """Whoosh's writer for segments that become one; it takes nothing else."""

    def __init__(self, index: Any, **options: Any) -> None:
        super().__init__(index, codec=PackedCodec(), **options)
        self.pool = MergingPool()

    def add_postings_to_pool(self, reader: Any, startdoc: int, docmap: Any) -> None:
        """When a segment is merged."""
        self.pool.take_segment(reader, startdoc, docmap)


class PackedCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec but for terms and postings; its name is stored with every segment."""

    length_stats = False

    def field_writer(self, storage: Any, segment: Any) -> Any:
        """What writes terms and postings."""
        return _PackedFieldWriter(storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> Any:
        """What reads them."""
        return _PackedReader(storage, segment)


class _PackedFieldWriter:
    """Terms and postings of a segment that is being written; Whoosh asks it by these names."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._terms = TermsWriter(segment.create_file(storage, PackedCodec.TERMS_EXT))
        self._postings = segment.create_file(storage, PackedCodec.POSTS_EXT)
        self.is_closed = False

    def add_postings(self, schema: Any, lengths: Any, items: Iterable[Written]) -> None:
        """Write all terms of the segment, in order."""
        for field, of_field in groupby(items, key=itemgetter(0)):
            while block := list(islice(of_field, BLOCK)):
                _, terms, frequencies, postings = zip(*block, strict=True)
                self._terms.add(field, terms, list(frequencies), list(map(len, postings)))
                self._postings.write(b"".join(postings))

    def close(self) -> None:
        """Finish the files."""
        self._terms.close()
        self._postings.close()
        self.is_closed = True


class _PackedReader(TermsReader):
    """Terms and postings of a segment."""

    def __init__(self, storage: Any, segment: Any) -> None:
        name = segment.make_filename(PackedCodec.TERMS_EXT)
        super().__init__(storage.open_file(name), storage.file_length(name))
        self._postings = segment.open_file(storage, PackedCodec.POSTS_EXT)

    def matcher(self, field: str, term: bytes, format_: Any, scorer: Any = None) -> PackedPostings:
        """The postings of a term.

        Raises:
            TermNotFound: it does not occur.
        """
        try:
            info = self.term_info(field, term)
        except KeyError:
            raise TermNotFound(f"{field}:{term!r}") from None
        return PackedPostings(self._postings.get(info.offset, info.length))

    def close(self) -> None:
        """Give back the files."""
        super().close()
        self._postings.close()
