"""Passerelle: a forum and a mailing list that are the same conversation."""

__version__ = "0.1.0"
