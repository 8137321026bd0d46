"""Cells of CSV files that spreadsheets open: none may be read as a formula (CWE-1236)."""

from __future__ import annotations

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would calculate."""


def harmless(cell: str) -> str:
    """A cell as it may stand in a file."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def plain(cell: str) -> str:
    """The same, read again."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
