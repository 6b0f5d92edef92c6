"""Random time partitions at random moments, against the original."""

import random
import warnings
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as original
import pytest

import assetq.dagster as own

ZONES = ["UTC", None, "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo"]
MINUTES = "%Y-%m-%d-%H:%M"
WEEKDAYS = ["mon", "fri", "sun", "0", "7", "3"]


def random_cron(rng):
    """A schedule from all that a field may hold."""

    def field(low, high):
        kind, first = rng.random(), rng.randrange(low, high + 1)
        if kind < 0.3:
            return "*"
        if kind < 0.6:
            return str(first)
        if kind < 0.8:
            return f"{first}-{rng.randrange(low, high + 1)}"
        if kind < 0.9:
            return f"*/{rng.randrange(2, high)}"
        return f"{first},{rng.randrange(low, high + 1)}"

    day = rng.choice(["*", "*", "?", "L", "1,L", "L,15", field(1, 31)])
    weekdays = rng.choice(["*", "*", "?", field(0, 7), rng.choice(WEEKDAYS), "fri-mon", "1-5"])
    if rng.random() < 0.3:
        day = "*"
        nth = [f"{rng.choice(WEEKDAYS)}#{rng.randrange(1, 6)}", f"L{rng.randrange(8)}"]
        weekdays = ",".join(rng.sample(nth, rng.randrange(1, 3)))
    minute = rng.choice(["0", "30", "5,35", "*/30"])
    return f"{minute} {rng.choice(['0', '2', field(0, 23)])} {day} {rng.choice(['*', '*', field(1, 12)])} {weekdays}"


def build(dg, rng):
    """Partitions and a moment."""
    kind = rng.choice(["Hourly", "Daily", "Weekly", "Monthly", "cron"])
    year, month, day = rng.choice([2023, 2024]), rng.randrange(1, 13), rng.randrange(1, 28)
    start = datetime(year, month, day, rng.choice([0, rng.randrange(24)]), rng.choice([0, rng.randrange(60)]))
    span = timedelta(days=rng.randrange(3, 20 if kind == "Hourly" else 300), hours=rng.randrange(24))
    end = start + span if rng.random() < 0.5 else None
    options = {"timezone": rng.choice(ZONES), "end_offset": rng.choice([0, 0, -2, 1, 3])}
    if kind in ("Hourly", "Daily") and rng.random() < 0.2:
        options["exclusions"] = rng.choice([["0 0 * * 6,0"], [start + timedelta(days=1)]])
    zone = rng.choice([UTC, ZoneInfo("Europe/Berlin")])
    now = (start + span + timedelta(days=rng.randrange(-2, 9), hours=rng.randrange(24))).replace(tzinfo=zone)
    if kind == "cron":
        cron = random_cron(rng)
        return dg.TimeWindowPartitionsDefinition(start=start, end=end, fmt=MINUTES, cron_schedule=cron, **options), now
    if rng.random() < 0.4:
        options["minute_offset"] = rng.randrange(60)
        options |= {} if kind == "Hourly" else {"hour_offset": rng.randrange(24)}
        options |= {"Weekly": {"day_offset": rng.randrange(7)}, "Monthly": {"day_offset": rng.randrange(1, 32)}}.get(
            kind, {}
        )
    return getattr(dg, f"{kind}PartitionsDefinition")(start, end_date=end, **options), now


def answer(call):
    """What is said, or that it is refused."""
    try:
        return call()
    except Exception:
        return "refused"


def plain(window):
    return window and (window.start.isoformat(), window.end.isoformat())


def facts(dg, seed):
    """All that partitions say of themselves; None where they cannot be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rng = random.Random(seed)
        try:
            grid, now = build(dg, rng)
            keys = list(grid.get_partition_keys(current_time=now))
        except Exception:
            return None
    said = {"cron": grid.cron_schedule, "keys": keys}
    with dg.partition_loading_context(effective_dt=now):
        said["count"] = grid.get_num_partitions()
        said["ends"] = grid.get_first_partition_key(), grid.get_last_partition_key()
        said["windows"] = plain(grid.get_first_partition_window()), plain(grid.get_last_partition_window())
        for key in rng.sample(keys, min(3, len(keys))) + keys[-1:]:
            said[key] = (
                plain(grid.time_window_for_partition_key(key)),
                grid.get_next_partition_key(key),
                grid.has_partition_key(key),
            )
        said["unknown"] = [grid.has_partition_key(key) for key in ("x", "", "2019-01-01", "2024-13-01")]
        if keys:
            first, last = sorted((rng.randrange(len(keys)), rng.randrange(len(keys))))
            ends = dg.PartitionKeyRange(keys[first], keys[last])
            said["range"] = answer(lambda: list(grid.get_partition_keys_in_range(ends)))
            day = datetime.strptime(keys[first][:10], "%Y-%m-%d").replace(tzinfo=UTC)
            span = dg.TimeWindow(day + timedelta(days=1), day + timedelta(days=12, hours=5))
            said["span"] = answer(lambda: list(grid.get_partition_keys_in_time_window(span)))
            said["spanned"] = answer(lambda: tuple(grid.get_partition_key_range_for_time_window(span)))
    return said


@pytest.mark.parametrize("start", range(0, 200, 100))
def test_random_grids(start):
    compared = 0
    for seed in range(start, start + 100):
        theirs, ours = facts(original, seed), facts(own, seed)
        if theirs is None:  # refused there, or its search for the last window gives up
            continue
        if len(theirs["keys"]) != theirs["count"]:  # an end before the first window has ended: it says two things
            continue
        if theirs.get("spanned") == "refused":  # it looks for a window before the first
            ours["spanned"] = "refused"
        assert ours == theirs, seed
        compared += 1
    assert compared > 60
