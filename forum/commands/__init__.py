"""The commands, a module a topic; each names its own in `COMMANDS`."""
