"""Pure rules: no Flask, no SQLAlchemy, no I/O; the time is passed in."""
