"""Where the data goes: a SQLite database."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from etl.dg import dg

SCHEMA = """
CREATE TABLE IF NOT EXISTS hourly (day TEXT, origin TEXT, hour INTEGER, temp REAL, precip REAL, wind REAL);
CREATE TABLE IF NOT EXISTS daily (day TEXT, origin TEXT, low REAL, high REAL, rain REAL, readings INTEGER);
CREATE TABLE IF NOT EXISTS monthly (month TEXT, origin TEXT, low REAL, high REAL, rain REAL, days INTEGER);
"""


class Warehouse(dg.ConfigurableResource):
    """Opens the database; what is done within one `open` is done as a whole or not at all."""

    path: str

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Make the tables that do not exist yet."""
        with self.open() as database:
            database.executescript(SCHEMA)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection, in a transaction."""
        with closing(sqlite3.connect(self.path, timeout=30)) as database, database:
            yield database

    def replace(self, table: str, column: str, key: str, rows: Sequence[Sequence[Any]]) -> int:
        """Put rows in the place of those of a partition; returns how many. May be repeated safely."""
        with self.open() as database:
            database.execute(f"DELETE FROM {table} WHERE {column} = ?", (key,))
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        return len(rows)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with self.open() as database:
            return database.execute(sql, values).fetchall()
