"""Requests as an ASGI application answers them, reported to a server or to a database in the same process."""
