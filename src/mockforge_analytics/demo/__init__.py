"""The demonstration: a server, a shop that reports to it, and visitors of the shop, all real processes on loopback."""
