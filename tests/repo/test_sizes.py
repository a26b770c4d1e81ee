"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast

from tests.repo.syntax import Function, Source, python_sources

FILE_LINES = 400
FILE_LINES_WITH_REASON = 500
FUNCTION_LINES = 40  # without decorators and docstring
FUNCTION_LINES_WITH_REASON = 60

# "path" or "path::function" that may reach the second limit, with the reason why it is clearer whole.
REASONS: dict[str, str] = {
    "tests/unit/query/test_reports_against_oracle.py": "one machine of all reports against one oracle",
    "tests/unit/query/test_planner.py": "the steps of one planner, in their order",
}


def function_lines(node: Function) -> int:
    """Return the lines from `def` to the end, without the docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def sizes(source: Source) -> dict[str, tuple[int, int, int]]:
    """Return lines, limit and limit with a reason of the file and each of its functions, by key of `REASONS`."""
    found = {source.name: (source.text.count("\n"), FILE_LINES, FILE_LINES_WITH_REASON)}
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            key = f"{source.name}::{node.name}"
            longest = max(function_lines(node), found.get(key, (0,))[0])
            found[key] = (longest, FUNCTION_LINES, FUNCTION_LINES_WITH_REASON)
    return found


def too_long(source: Source, reasons: dict[str, str]) -> dict[str, int]:
    return {
        key: lines
        for key, (lines, limit, limit_with_reason) in sizes(source).items()
        if lines > (limit_with_reason if key in reasons else limit)
    }


def test_files_and_functions_keep_to_the_limits() -> None:
    found = {key: lines for source in python_sources() for key, lines in too_long(source, REASONS).items()}
    assert not found, f"split them: {found}"


def test_every_reason_is_still_needed() -> None:
    long = {key for source in python_sources() for key in too_long(source, {})}
    assert set(REASONS) <= long


def test_a_planted_long_function_and_file_are_found() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    assert too_long(Source.parse("a.py", f"def f():\n{body}"), {}) == {"a.py::f": FUNCTION_LINES + 1}
    assert not too_long(Source.parse("a.py", f"def f():\n{body}"), {"a.py::f": "because"})
    documented = f'def f():\n    """One.\n\n    Two.\n    """\n{body}'.replace("    x = 1\n", "", 1)
    assert not too_long(Source.parse("a.py", documented), {})
    assert too_long(Source.parse("a.py", "x = 1\n" * (FILE_LINES + 1)), {}) == {"a.py": FILE_LINES + 1}
