"""Time grids over ten years, and a digest of the keys and windows that each must have.

The digests in `time_digests.json` are those of real Dagster; `tests/parity/test_partition.py` makes them again from it.
"""

import hashlib
import json
from pathlib import Path

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
CRONS = [
    "0 0 * * 1-5",
    "0 9 1,15 * *",
    "30 2 * * *",
    "30 1 * * *",
    "0 */6 * * *",
    "0 */2 * * *",
    "0 9-17 * * mon-fri",
    "*/30 4-6 * * *",
    "15 3 31 * *",
    "0 0 1 1,7 *",
    "0 4 13 * 5",
    "@weekly",
    "0 0 L * *",
    "30 2 1,L * *",
    "0 2 * * 0#2",
    "0 0 * * fri#1,L5",
    "30 1 * * L0",
    "0 3 ? * 1",
    "0 0 */3 * 1",
    "0 22-3 * * *",
    "0 0 * 11-2 5-1",
]
FREQUENT = ["*/15 * * * *", "10,40 * * * *", "0 * * * 0"]
DIGESTS = Path(__file__).with_name("time_digests.json")
MINUTES = "%Y-%m-%d-%H:%M"


def grids(dg, zone):
    """Name -> grid of a zone, with names from `dg`."""
    days, hours = {"end_date": "2025-01-01", "timezone": zone}, {"end_date": "2025-01-01-00:00", "timezone": zone}
    found = {
        "daily": dg.DailyPartitionsDefinition("2015-01-01", **days),
        "daily 2:30": dg.DailyPartitionsDefinition("2015-01-01", hour_offset=2, minute_offset=30, **days),
        "weekly": dg.WeeklyPartitionsDefinition("2015-01-01", **days),
        "weekly wed": dg.WeeklyPartitionsDefinition("2015-01-01", day_offset=3, hour_offset=2, **days),
        "monthly": dg.MonthlyPartitionsDefinition("2015-01-01", **days),
        "monthly 31": dg.MonthlyPartitionsDefinition("2015-01-01", day_offset=31, **days),
        "hourly": dg.HourlyPartitionsDefinition("2015-01-01-00:00", **hours),
        "hourly :15": dg.HourlyPartitionsDefinition("2015-01-01-00:00", minute_offset=15, **hours),
    }
    for cron in CRONS:
        found[cron] = cron_grid(dg, cron, zone, "2015-01-01-00:00", "2025-01-01-00:00")
    for cron in FREQUENT:
        found[cron] = cron_grid(dg, cron, zone, "2023-10-01-00:00", "2024-12-01-00:00")
    return found


def cron_grid(dg, cron, zone, start, end):
    return dg.TimeWindowPartitionsDefinition(start=start, end=end, fmt=MINUTES, cron_schedule=cron, timezone=zone)


def digest(grid):
    """Of the number of partitions, the keys, and the windows of a thousand keys."""
    keys = list(grid.get_partition_keys())
    windows = [grid.time_window_for_partition_key(key) for key in keys[:: len(keys) // 1000 + 1]]
    text = json.dumps([keys, [[int(w.start.timestamp()), int(w.end.timestamp())] for w in windows]])
    return f"{len(keys)} {hashlib.sha256(text.encode()).hexdigest()[:24]}"


def digests(dg):
    """Zone -> name -> digest."""
    return {zone: {name: digest(grid) for name, grid in grids(dg, zone).items()} for zone in ZONES}


def known():
    """The digests on file."""
    return json.loads(DIGESTS.read_text())
