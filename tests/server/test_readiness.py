"""GET /ready: what keeps a server from taking events is said, and goes away again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.cli.support import log_lines, traffic
from tests.support.process import server_process
from tests.support.requests import frame
from tests.support.server import serving
from tests.support.stores import NOW
from tests.support.waiting import until
from tests.traffic import row

if TYPE_CHECKING:
    from pathlib import Path


def test_a_full_queue_is_not_ready_and_an_empty_one_is_again(tmp_path: Path) -> None:
    going_on = threading.Event()
    with serving(tmp_path, store={"queue_batches": 1}) as served:
        busy = threading.Event()

        def hold(_: object) -> None:
            busy.set()
            going_on.wait()

        holder = threading.Thread(target=served.database.store.call, args=(hold,))
        holder.start()
        busy.wait()
        waiting = threading.Thread(target=served.database.write_requests, args=(frame([row(NOW)]),))
        waiting.start()
        until(lambda: served.client.get("/ready").status_code == 503, "a full queue")
        answer = served.client.get("/ready")
        assert "the write queue is full" in answer.json()["error"]
        assert int(answer.headers["Retry-After"]) >= 1
        assert served.client.get("/health").status_code == 200
        going_on.set()
        holder.join()
        waiting.join()
        assert served.client.get("/ready").status_code == 200


def test_a_log_that_cannot_be_understood_is_told_while_it_lasts(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("this is no access log\nat all\n" * 20)
    with server_process(tmp_path, "--follow", log) as server:
        until(lambda: server.get("/ready").status_code == 503, "the trouble with the log")
        said = server.get("/ready").text
        assert "following logs fails" in said
        assert "no access log" not in said, "everybody may ask, and nobody may read the log this way"
        log.unlink()
        log.write_bytes(log_lines(traffic(50)))
        until(lambda: server.get("/ready").status_code == 200, "the end of the trouble")
        until(lambda: server.data("overview", start_time=0, end_time="now")["total_requests"] == 50, "the lines")
