"""The one place that says whose names this project uses: assetq's, or Dagster's if `DG_MODULE=dagster`."""

import os

if os.environ.get("DG_MODULE") == "dagster":
    import dagster as dg
else:
    import assetq.dagster as dg

__all__ = ["dg"]
