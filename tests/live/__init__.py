"""Tests of the live stream below the sockets."""
