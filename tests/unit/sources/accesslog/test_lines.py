"""Taking a chunk apart into lines."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mockforge_analytics.sources.accesslog.lines import split_lines

CONTROLS = re.compile(rb"[\x00-\x1f\x7f]")
CLEAN = b"a clean line\r\n" * 200


@given(st.lists(st.binary(max_size=6) | st.sampled_from([b"\r\n", b"\n", b"\r", b"\x7f", b"\0", b"\xff", b"\xc3\xa9"])))
@settings(max_examples=300)
def test_lines_are_those_of_a_plain_split(pieces: list[bytes]) -> None:
    chunk = b"".join(pieces)
    expected = chunk.decode("utf-8", "replace").encode().split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    expected = [line.removesuffix(b"\r").lstrip(b"\0") for line in expected]
    if expected:
        expected[0] = expected[0].removeprefix(b"\xef\xbb\xbf")
    lines = split_lines(chunk)
    assert [lines.text(index) for index in range(len(lines))] == [line for line in expected if line]
    assert lines.number.tolist() == [index for index, line in enumerate(expected) if line]
    assert lines.blank == sum(not line for line in expected)
    found = {index for index in range(len(lines)) if CONTROLS.search(lines.text(index))}
    assert found <= set(lines.odd.tolist()) or lines.has_controls


def test_few_lines_with_control_characters_are_set_apart() -> None:
    lines = split_lines(CLEAN + b"\r\n" + b"\x1b[31m\r\n" + CLEAN + b"x\x7f\xff")
    assert [lines.text(index) for index in lines.odd.tolist()] == [b"\x1b[31m", b"x\x7f\xef\xbf\xbd"]
    assert not lines.has_controls


def test_many_of_them_are_not() -> None:
    lines = split_lines(b"a\tb\n" * 10 + b"c\n")
    assert lines.has_controls
    assert len(lines.odd) == 0


def test_invalid_bytes_are_replaced_line_by_line_as_in_the_whole() -> None:
    bad = b"\xff\n\xc3\n\xe2\x82\n\xc3\xa9 fine \xf0\x9f\x99\x82\n"
    few = CLEAN * 20 + bad + CLEAN * 20 + b"\xed\xa0\x80"
    for chunk in (few, bad):
        assert split_lines(chunk).data == chunk.decode("utf-8", "replace").encode()
