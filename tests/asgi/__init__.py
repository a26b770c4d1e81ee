"""The middleware in real applications, before real servers."""
