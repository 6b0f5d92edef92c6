"""Reads the API."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from ingestion.dg import dg

Item = dict[str, str]


class Busy(Exception):
    """The API asks to come back later."""


class TableApi(dg.ConfigurableResource):
    """Tables, page by page."""

    base_url: str
    timeout_s: float = Field(default=10.0, gt=0)

    def get(self, table: str, **query: int) -> Any:
        """One page.

        Raises:
            Busy: Come back later.
            Failure: There is no such table; asking again does not help.
        """
        url = f"{self.base_url}/{table}?{urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=self.timeout_s) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 503:
                raise Busy(url) from None
            raise dg.Failure(
                f"{table} cannot be read", metadata={"status": error.code, "table": table}, allow_retries=False
            ) from None

    def pages(self, table: str, size: int) -> Iterator[list[Item]]:
        """Every page of a table."""
        offset, total = 0, 1
        while offset < total:
            page = self.get(table, offset=offset, limit=size)
            yield page["items"]
            offset, total = offset + size, page["total"]
