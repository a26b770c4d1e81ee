"""What the command is called."""

from __future__ import annotations

from typing import Final

__all__ = ["PROGRAM"]

PROGRAM: Final = "mockforge-analytics"
