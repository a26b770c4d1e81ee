"""A small shop over HTTP: an example API with realistic routes, failures and response times."""
