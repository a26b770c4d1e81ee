"""The library in ten lines: store the example log, and ask for the slowest endpoints and the errors of a day."""

from mockforge_analytics import AnalyticsDatabase, import_log
from mockforge_analytics.bundled import example_log

with AnalyticsDatabase.open(":memory:") as database, example_log() as log:
    summary = import_log(database, log)
    overview = database.overview()
    print(f"{summary.stored:,} requests, {overview.error_rate:.2f} % errors, p95 {overview.latency.p95:.1f} ms")
    for row in database.endpoints(order="p95_latency_ms", limit=5).rows:
        print(f"{row.latency.p95:8.1f} ms  {row.request_count:7,}  {row.method} {row.endpoint}")
    print(database.errors(status_code="5xx").total_errors, "server errors")
