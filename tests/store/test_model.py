"""The store against an exact model of it: any order of writes, folds, retention, restarts, crashes and restores.

Every tier and every filter answers what counting the requests one by one gives, before and after each step; a window
may be split anywhere; nothing that was acknowledged is lost and nothing is counted twice.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import settings as limits
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mockforge_analytics.config import RetentionConfig
from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.model.dimensions import SCOPE_DIMENSIONS, SERIES_DIMENSIONS, Dimension
from mockforge_analytics.model.histogram import RELATIVE_ERROR
from mockforge_analytics.model.plan import CLIENT_MEASURES, ERROR_MEASURES, ReadPlan, ReadResult, Slice, StatusRange
from mockforge_analytics.model.tiers import TIERS, Fact, Tier
from mockforge_analytics.model.window import Window
from mockforge_analytics.store.backup import backup, restore
from mockforge_analytics.store.check import check
from mockforge_analytics.store.findings import Level
from mockforge_analytics.store.fold_parts import PartSizes
from mockforge_analytics.store.holds import lift_hold, list_holds
from mockforge_analytics.store.retention import run_retention
from mockforge_analytics.store.sqlite import SqliteStore
from mockforge_analytics.store.status import storage_status
from tests.support.exact import LIVE, Exact, nearest_rank, sums
from tests.support.naive import Req, batch
from tests.support.stores import DAY, HOUR, MICROS, NOW, FixedClock, settings

if TYPE_CHECKING:
    from mockforge_analytics.model.batch import WriteResult

RETENTION = RetentionConfig(
    live_hours=2,
    minute_aggregates_days=1,
    hour_aggregates_days=3,
    day_aggregates_days=6,
    client_analytics_days=4,
    traffic_patterns_days=5,
)
CONFIG = settings(retention=RETENTION.model_dump())
START = NOW // DAY * DAY + 12 * HOUR
AGES = st.one_of(
    st.integers(0, 2 * HOUR), st.integers(0, 30 * HOUR), st.integers(0, 9 * DAY), st.integers(30 * DAY, 33 * DAY)
)
MEASURED = {Fact.SERIES: MEASURES, Fact.SCOPE: MEASURES, Fact.ERROR: ERROR_MEASURES, Fact.CLIENT: CLIENT_MEASURES}
CLIENT_DIMENSIONS = (*sorted(SCOPE_DIMENSIONS), Dimension.CLIENT, Dimension.AGENT, Dimension.AGENT_FAMILY)
KNOWN = {
    Fact.SERIES: tuple(sorted(SERIES_DIMENSIONS)),
    Fact.SCOPE: tuple(sorted(SCOPE_DIMENSIONS)),
    Fact.ERROR: (*sorted(SERIES_DIMENSIONS), Dimension.ERROR_TYPE, Dimension.ERROR_CATEGORY),
    Fact.CLIENT: CLIENT_DIMENSIONS,
}
READABLE = tuple(tier for tier in TIERS if tier.fact in MEASURED)
VALUES: dict[Dimension, tuple[Any, ...]] = {
    Dimension.PROTOCOL: ("http", "gRPC"),
    Dimension.WORKSPACE: ("", "shop"),
    Dimension.ENVIRONMENT: ("", "dev"),
    Dimension.METHOD: ("get", "POST"),
    Dimension.ENDPOINT: ("/a", "/b", "/none"),
    Dimension.STATUS: (StatusRange(400, 499), StatusRange(200, 200)),
    Dimension.ERROR_TYPE: ("status_404", "status_500"),
    Dimension.ERROR_CATEGORY: ("client_error", "server_error"),
    Dimension.CLIENT: ("192.0.2.1", "192.0.2.2"),
    Dimension.AGENT: ("curl/8.0",),
    Dimension.AGENT_FAMILY: ("curl", "wget"),
}
requests = st.builds(
    lambda age, micros, **rest: (age + micros / MICROS, rest),
    AGES,
    st.integers(0, 999_999),
    endpoint=st.sampled_from(["/a", "/b", "/c"]),
    status=st.sampled_from([200, 204, 404, 500]),
    method=st.sampled_from(["GET", "POST"]),
    latency=st.one_of(st.none(), st.floats(0, 100), st.just(0.0)),
    protocol=st.sampled_from(["HTTP", "gRPC"]),
    workspace=st.sampled_from(["", "shop"]),
    environment=st.sampled_from(["", "dev"]),
    sent=st.integers(0, 10**9),
    client=st.sampled_from(["192.0.2.1", "192.0.2.2"]),
    agent=st.sampled_from(["curl/8.0", "wget/1.2"]),
)


Sent = tuple[str, float, list[Req]]  # token, time of the write (seconds), requests
TOKEN_SECONDS = 7 * DAY


class StoreAgainstModel(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FixedClock(START)
        self.exact = Exact(RETENTION, START)
        self.tokens: list[Sent] = []
        self.saved: tuple[Exact, list[Sent]] | None = None
        self.number = 0
        self.is_parted = self.is_lifted = False
        self.open(self.folder / "0.db")

    def open(self, path: Path) -> None:
        self.path = path
        self.store = SqliteStore(path, CONFIG, self.clock, writable=True)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            assert [f.what for f in check(self.path, int(self.clock.now)) if f.level is Level.ERROR] == []
            shutil.rmtree(self.folder)

    def send(self, made: list[Req], token: str, *, bulk: bool, reason: str | None) -> WriteResult:
        return self.store.write(batch(made, received_at=self.clock.now, token=token, bulk=bulk, hold=reason))

    @rule(
        drawn=st.lists(requests, max_size=12),
        bulk=st.booleans(),
        reason=st.one_of(st.none(), st.sampled_from(["archive", "audit"])),
    )
    def write(self, drawn: list[tuple[float, dict[str, Any]]], bulk: bool, reason: str | None) -> None:
        made = [Req(self.clock.now - age, **rest) for age, rest in drawn]
        self.number += 1
        token = f"batch {self.number}"
        result = self.send(made, token, bulk=bulk, reason=reason)
        stored = self.exact.write(made, reason=reason, bulk=bulk)
        assert (result.stored, result.too_old, result.deduplicated) == (stored, len(made) - stored, 0)
        self.tokens.append((token, self.clock.now, made))

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), bulk=st.booleans())
    def send_again(self, data: st.DataObject, bulk: bool) -> None:
        token, _, made = data.draw(st.sampled_from(self.tokens))
        result = self.send(made, token, bulk=bulk, reason=None)
        assert (result.stored, result.too_old, result.deduplicated) == (0, 0, len(made))
        self.exact.received += len(made)
        self.exact.repeated += len(made)

    @rule()
    def fold(self) -> None:
        self.store.call(lambda committer: committer.fold(self.clock.now_us()))
        self.exact.fold()
        self.is_parted = self.is_lifted = False

    @precondition(lambda self: not self.is_lifted)
    @rule(rows=st.integers(1, 60), clients=st.integers(1, 4))
    def fold_a_part(self, rows: int, clients: int) -> None:
        """Nothing that can be seen changes, unless a lifted hold makes what was waiting too old for some tiers."""
        self.store.call(lambda committer: committer.fold_part(self.clock.now_us(), PartSizes(rows, clients)))
        self.is_parted = True

    @rule(hours=st.integers(0, 40), live=st.booleans())
    def retain(self, hours: int, live: bool) -> None:
        self.clock.now += hours * HOUR
        run_retention(self.store.call, RETENTION, self.clock.now_us(), trust_clock=True, live_only=live)
        self.exact.retain(int(self.clock.now), live_only=live)
        if not live:
            self.tokens = [sent for sent in self.tokens if sent[1] >= self.clock.now - TOKEN_SECONDS]

    @precondition(lambda self: self.exact.holds)
    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        if self.is_parted:
            self.fold()
        reason = data.draw(st.sampled_from(sorted(self.exact.holds)))
        with self.store.snapshot() as snapshot:
            found = {hold.reason: hold for hold in list_holds(snapshot.connection)}
        assert {name: (hold.window.start, hold.window.end) for name, hold in found.items()} == self.exact.holds
        lift_hold(self.store.call, found[reason].id)
        self.exact.lift(reason)
        self.is_lifted = True

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.exact.fold()
        self.is_parted = self.is_lifted = False
        self.open(self.path)

    @rule()
    def crash(self) -> None:
        """Go on with the files as a killed process leaves them."""
        self.number += 1
        path = self.folder / f"{self.number}.db"
        self.store.call(lambda _: [shutil.copy(f"{self.path}{end}", f"{path}{end}") for end in ("", "-wal")])
        self.store.close()
        self.open(path)

    @rule()
    def save(self) -> None:
        backup(self.path, self.folder / "saved.db", self.clock.now_us(), overwrite=True)
        self.saved = (copy.deepcopy(self.exact), list(self.tokens))

    @precondition(lambda self: self.saved is not None)
    @rule()
    def bring_back(self) -> None:
        assert self.saved is not None
        self.store.close()
        restore(self.folder / "saved.db", self.path, self.clock.now_us())
        self.exact, self.tokens = copy.deepcopy(self.saved[0]), list(self.saved[1])
        self.is_parted = self.is_lifted = True  # as it may have been then
        self.open(self.path)

    @rule(data=st.data(), tier=st.sampled_from(READABLE))
    def read(self, data: st.DataObject, tier: Tier) -> None:
        with self.store.snapshot() as snapshot:
            ranges = snapshot.coverage.ranges(tier, Window(0, START + 90 * DAY))
            assert ranges == self.complete(tier)
            window = self.draw_window(data, tier, data.draw(st.sampled_from(ranges)))
            plan = self.draw_plan(data, tier, window)
            self.compare(plan, snapshot.read(plan))
            if tier.fact is not Fact.CLIENT and window.seconds > tier.width:
                middle = window.start + tier.width * data.draw(st.integers(1, window.seconds // tier.width - 1))
                self.compare_split(plan, window, middle, snapshot)

    def complete(self, tier: Tier) -> list[Window]:
        held = [Window(day, day + DAY) for day in self.exact.islands] if tier.width > LIVE else []
        merged: list[Window] = []
        for part in sorted([*held, Window(self.exact.floors[tier.name], START + 90 * DAY)]):
            if merged and part.start <= merged[-1].end:
                merged[-1] = Window(merged[-1].start, max(merged[-1].end, part.end))
            else:
                merged.append(part)
        return merged

    def draw_window(self, data: st.DataObject, tier: Tier, known: Window) -> Window:
        """Draw whole buckets of a complete part, near where requests are."""
        places = [int(r.at) // tier.width * tier.width for r in self.exact.kept[tier.name]]
        inside = [place for place in places if known.start <= place < known.end]
        centre = data.draw(st.sampled_from(inside)) if inside else known.start
        left, right = data.draw(st.tuples(st.integers(0, 40), st.integers(1, 40)))
        return Window(max(centre - left * tier.width, known.start), min(centre + right * tier.width, known.end))

    def draw_plan(self, data: st.DataObject, tier: Tier, window: Window) -> ReadPlan:
        known = KNOWN[tier.fact]
        filtered = data.draw(st.lists(st.sampled_from(known), max_size=2, unique=True))
        filters = {
            d: tuple(data.draw(st.lists(st.sampled_from(VALUES[d]), min_size=1, max_size=2, unique=True)))
            for d in filtered
        }
        wide = tier.width * data.draw(st.sampled_from([1, 2, 6]))
        return ReadPlan(
            tier.fact,
            (Slice(tier, window),),
            group_by=tuple(data.draw(st.lists(st.sampled_from(known), max_size=3, unique=True))),
            bucket=data.draw(st.sampled_from([None, wide])),
            filters=filters,
            measures=MEASURED[tier.fact],
            histograms=tier.fact in (Fact.SERIES, Fact.SCOPE),
        )

    def compare(self, plan: ReadPlan, result: ReadResult) -> None:
        wanted = self.exact.answer(plan)
        width = len(plan.group_by) + (plan.bucket is not None)
        found = {tuple(row[:width]): row[width:] for row in result.frame.iter_rows()}
        assert len(found) == result.rows == len(wanted)
        minimum, maximum = (
            plan.measures.index(m) if m in plan.measures else None for m in ("latency_min", "latency_max")
        )
        for key, members in wanted.items():
            row = list(found[key])
            if minimum is not None and maximum is not None and not row[plan.measures.index("latency_count")]:
                row[minimum] = row[maximum] = 0
            assert tuple(row) == sums(members, plan.fact)
        if result.histograms is not None:
            self.compare_quantiles(plan, result, wanted, width)

    def compare_quantiles(
        self, plan: ReadPlan, result: ReadResult, wanted: dict[tuple[Any, ...], list[Req]], width: int
    ) -> None:
        assert result.histograms is not None
        low, high = (result.frame[name].to_numpy() / MICROS for name in ("latency_min", "latency_max"))
        answers = result.histograms.quantiles((0.5, 0.95), low, high)
        for row, found in zip(result.frame.iter_rows(), answers, strict=True):
            known = [r.latency for r in wanted[tuple(row[:width])] if r.latency is not None]
            for quantile, answer in zip((0.5, 0.95), found, strict=True):
                if known:
                    exact = nearest_rank(known, quantile)
                    assert abs(answer - exact) <= exact * RELATIVE_ERROR * 1.000001 + 0.51 / MICROS
                else:
                    assert np.isnan(answer)

    def compare_split(self, plan: ReadPlan, window: Window, middle: int, snapshot: Any) -> None:
        """[a, b) + [b, c) = [a, c)."""
        (piece,) = plan.slices
        halves = [Slice(piece.tier, half) for half in (Window(window.start, middle), Window(middle, window.end))]

        def total(*slices: Slice) -> int:
            part = ReadPlan(plan.fact, slices, filters=plan.filters, measures=plan.measures[:1])
            return int(snapshot.read(part).frame[plan.measures[0]].sum())

        assert total(*plan.slices) == total(*halves) == total(halves[0]) + total(halves[1])

    @invariant()
    def ledger_conserves(self) -> None:
        if not hasattr(self, "store"):
            return
        status = storage_status(self.path, RETENTION, int(self.clock.now))
        sources = [(s.received, s.stored, s.deduplicated, s.rejected) for s in status.sources]
        exact = self.exact
        total = (exact.received, exact.stored, exact.repeated, exact.refused)
        assert sources == ([total] if exact.received else [])


StoreAgainstModel.TestCase.settings = limits(max_examples=40, stateful_step_count=20)
TestStoreAgainstModel = StoreAgainstModel.TestCase
