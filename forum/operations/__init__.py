"""Every write, as a verb. They take a session and the time, and never commit."""
