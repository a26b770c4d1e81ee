"""The HTTP edge: routes, envelopes and their documentation; the only part that knows the web framework."""
