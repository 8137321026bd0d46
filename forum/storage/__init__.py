"""Tables by topic. Queries take a session and never commit."""
