"""Archives: every form that mail is kept in, read message by message, and written again."""
