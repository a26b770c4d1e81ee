"""Write the boards: `python -m dashboards` in the checkout."""

from __future__ import annotations

from dashboards.boards import BOARDS, FOLDER, text

if __name__ == "__main__":
    for name in BOARDS:
        (FOLDER / name).write_text(text(name), "utf-8")
