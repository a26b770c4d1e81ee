"""The dashboard in a real browser, over a real server, with traffic that the tests send."""
