"""The pillar of MockForge that a path belongs to (contract section 8)."""

from __future__ import annotations

from typing import Final

__all__ = ["pillar"]

# The first that matches counts.
_PILLARS: Final = {
    "reality": ("/reality", "/personas", "/chaos", "/fidelity", "/continuum"),
    "contracts": ("/contracts", "/validation", "/drift", "/schema", "/sync"),
    "devx": ("/sdk", "/playground", "/plugins", "/cli", "/generator"),
    "cloud": ("/registry", "/workspace", "/org", "/marketplace", "/collab"),
    "ai": ("/ai", "/mockai", "/voice", "/llm", "/studio"),
}
_UNKNOWN: Final = "unknown"


def pillar(endpoint: str) -> str:
    """Return the pillar whose words `endpoint` contains."""
    return next((name for name, words in _PILLARS.items() if any(word in endpoint for word in words)), _UNKNOWN)
