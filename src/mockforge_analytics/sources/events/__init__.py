"""Requests as JSON events: what applications send to the server."""
