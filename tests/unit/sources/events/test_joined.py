"""Bodies read together come to what each comes to alone."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.sources.events.columns import Terms
from mockforge_analytics.sources.events.decode import decode_events, decode_joined
from mockforge_analytics.sources.events.items import read_items

TERMS = Terms(1_700_000_000_000_000)
MOST = 1_000

LINES = st.sampled_from(
    [
        '{"path":"/a"}',
        '{"path":"/b","latency_ms":-1}',
        '{"method":"no token","path":"/c"}',
        '{"path":"/d","method":"get","status_code":404}',
        '{"type":"connections","value":3}',
        '{"type":"connections"}',
        '{"type":"other"}',
        '{"x":[]}',
        "{",
        "7",
    ]
)


@given(st.lists(st.lists(LINES, max_size=6), min_size=1, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_bodies_read_together_are_each_what_it_is_alone(bodies: list[list[str]], as_arrays: list[bool]) -> None:
    texts = [
        f"[{','.join(lines)}]" if is_array else "\n".join(lines)
        for lines, is_array in zip(bodies, as_arrays, strict=False)
    ]
    joined = decode_joined([read_items(text.encode(), MOST) for text in texts], TERMS)
    alone = [decode_events(text.encode(), TERMS, most=MOST) for text in texts]
    assert joined.table.frame.equals(pl.concat([one.requests for one in alone]))
    for part, one in zip(joined.parts, alone, strict=True):
        assert part.requests.equals(one.requests)
        assert part.gauges.equals(one.gauges)
        assert (part.received, part.faults, part.samples()) == (one.received, one.faults, one.samples())
