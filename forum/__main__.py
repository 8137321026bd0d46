"""`python -m forum` is the `passerelle` command."""

from forum.cli import main

main()
