"""What the answers look like: the types the routes build and the documentation shows."""
