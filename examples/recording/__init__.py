"""Records the bundled access log: a real nginx before the example shop, under scripted load."""
