"""The SQLite store: append, fold, read both."""
