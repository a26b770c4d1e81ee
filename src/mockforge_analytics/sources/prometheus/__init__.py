"""Metrics in the Prometheus model: raw samples become exact integer increments per bucket of time."""
