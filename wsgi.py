"""The WSGI entrance: `gunicorn wsgi:app`."""

import os

from forum.app import create_app

os.umask(0o077)  # What we write, the mail of others above all, is for nobody else to read.
app = create_app()
