"""Tests; a package so that helpers import as `tests.…` whatever else is installed."""
