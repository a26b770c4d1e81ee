"""Serve the shop: `python -m examples.shop_api --help`."""

from __future__ import annotations

import argparse
import json

import uvicorn

from mockforge_analytics.demo.shop.app import create_app
from mockforge_analytics.demo.shop.latency import Fault

_FAULTS_HELP = """JSON list of fault windows, for example
[{"route": "search", "start_s": 60, "end_s": 90, "latency_factor": 4, "error_share": 0.2, "status": 503}]"""


def _faults(text: str) -> list[Fault]:
    try:
        return [Fault(**item) for item in json.loads(text)]
    except (ValueError, TypeError) as error:
        message = f"not a JSON list of faults: {error}"
        raise argparse.ArgumentTypeError(message) from error


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m examples.shop_api", description="A small example shop API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--uds", help="listen on this Unix socket instead of host and port")
    parser.add_argument("--seed", type=int, default=1, help="seed of the response times and planned failures")
    parser.add_argument("--faults", type=_faults, default=[], help=_FAULTS_HELP)
    options = parser.parse_args()
    uvicorn.run(
        create_app(seed=options.seed, faults=options.faults),
        host=options.host,
        port=options.port,
        uds=options.uds,
        log_level="error",
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
