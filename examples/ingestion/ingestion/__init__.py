"""Tables from an API, read as config says."""

from ingestion.assets import airlines, airports, highest, letter, makers, planes
from ingestion.client import TableApi
from ingestion.dg import dg

defs = dg.Definitions(
    assets=[airlines, airports, planes, makers, highest, letter],
    resources={"api": TableApi(base_url="http://127.0.0.1:8000")},
)
