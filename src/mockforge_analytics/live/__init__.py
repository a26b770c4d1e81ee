"""The live stream: windows that move on and are kept up to date from commits, shared by all who watch the same."""
