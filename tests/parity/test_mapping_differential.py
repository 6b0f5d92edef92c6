"""Random mappings between random partitions, against the original."""

import random
import warnings
from datetime import datetime, timedelta

import dagster as original
import pytest

import assetq.dagster as own
from assetq.partitions import IndexSet

KEYS = ["2024-01-03", "2024-01-04", "a", "b", "c", "d"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York"]
CRONS = ["0 0 * * *", "0 */6 * * *", "15 3 * * 1-5", "0 12 1,15 * *", "*/20 * * * *"]


class Pair:
    """The same choices made in both modules, by one seed each."""

    def __init__(self, seed):
        self.seed = seed

    def make(self, module, build):
        rng = random.Random(self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return build(module, rng)


def time_grid(dg, rng, zone):
    kind = rng.choice(["Hourly", "Daily", "Weekly", "Monthly", "cron"])
    start = datetime(2024, 3, 20) + timedelta(days=rng.randrange(20), hours=rng.randrange(24))
    end = start + timedelta(days=rng.randrange(1, 90 if kind == "Monthly" else 14))
    options = {"timezone": zone}
    if rng.random() < 0.3:
        options["end_offset"] = rng.choice([-1, 1])
    if kind == "cron":
        cron = rng.choice(CRONS)
        return dg.TimeWindowPartitionsDefinition(
            start=start, end=end, fmt="%Y-%m-%d-%H:%M", cron_schedule=cron, **options
        )
    return getattr(dg, f"{kind}PartitionsDefinition")(start, end_date=end, **options)


def static_grid(dg, rng):
    return dg.StaticPartitionsDefinition(rng.sample(KEYS, rng.randrange(1, 5)))


def plain_grid(dg, rng, zone):
    return time_grid(dg, rng, zone) if rng.random() < 0.6 else static_grid(dg, rng)


def time_mapping(dg, rng):
    start = rng.randrange(-2, 3)
    return dg.TimeWindowPartitionMapping(
        start_offset=start,
        end_offset=start + rng.randrange(0, 3),
        allow_nonexistent_upstream_partitions=rng.random() < 0.3,
    )


def between_times(dg, rng):
    zone = rng.choice(ZONES)
    return time_grid(dg, rng, zone), time_grid(dg, rng, zone), time_mapping(dg, rng)


def identity(dg, rng):
    zone = rng.choice(ZONES)
    return plain_grid(dg, rng, zone), plain_grid(dg, rng, zone), dg.IdentityPartitionMapping()


def static(dg, rng):
    above, below = static_grid(dg, rng), static_grid(dg, rng)
    table = {
        key: rng.sample(list(below.get_partition_keys()), rng.randrange(1, len(below.get_partition_keys()) + 1))
        for key in above.get_partition_keys()
        if rng.random() < 0.7
    }
    return above, below, dg.StaticPartitionMapping(table)


def multi_grid(dg, rng, zone):
    return dg.MultiPartitionsDefinition({"d": time_grid(dg, rng, zone), "s": static_grid(dg, rng)})


def multi_identity(dg, rng):
    zone = rng.choice(ZONES)
    return multi_grid(dg, rng, zone), multi_grid(dg, rng, zone), dg.IdentityPartitionMapping()


def multi_to_single(dg, rng):
    multi = multi_grid(dg, rng, rng.choice(ZONES))
    name = rng.choice(["d", "s"])
    single = dict(multi.partitions_defs)[name] if dg is own else multi.get_partitions_def_for_dimension(name)
    pair = (multi, single) if rng.random() < 0.5 else (single, multi)
    return (*pair, dg.MultiToSingleDimensionPartitionMapping(name))


def by_dimension(dg, rng):
    zone = rng.choice(ZONES)
    mappings = {"d": dg.DimensionPartitionMapping("d", time_mapping(dg, rng))} if rng.random() < 0.8 else {}
    if rng.random() < 0.7:
        mappings["s"] = dg.DimensionPartitionMapping("s", dg.IdentityPartitionMapping())
    return multi_grid(dg, rng, zone), multi_grid(dg, rng, zone), dg.MultiPartitionMapping(mappings)


def is_odd(grid):
    """True for partitions of which Dagster itself says two things: an end before the first window has ended."""
    if isinstance(grid, original.MultiPartitionsDefinition):
        return any(is_odd(one.partitions_def) for one in grid.partitions_defs)
    return grid.get_num_partitions() != len(grid.get_partition_keys())


SHAPES = [between_times, identity, static, multi_identity, multi_to_single, by_dimension]


def theirs(made, wanted, instance):
    above, below, mapping = made
    down = below.empty_subset().with_partition_keys(wanted)
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(
        down, below, above, current_time=None, dynamic_partitions_store=instance
    )
    absent = found.required_but_nonexistent_subset
    up = sorted(map(str, found.partitions_subset.get_partition_keys()))
    back = mapping.get_downstream_partitions_for_partitions(
        found.partitions_subset, above, below, current_time=None, dynamic_partitions_store=instance
    )
    return up, sorted(map(str, back.get_partition_keys())), bool(absent and list(absent.get_partition_keys()))


def ours(made, wanted):
    above, below, mapping = made
    down = IndexSet.from_indices(below.index_of(key) for key in wanted)
    up = mapping.upstream(down, below, above)
    back = mapping.downstream(up, above, below)
    return (
        sorted(map(str, above.keys_of(up))),
        sorted(map(str, below.keys_of(back))),
        mapping.absent(down, below, above) is not None,
    )


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_random_mappings(shape):
    with original.DagsterInstance.ephemeral() as instance:
        compared = 0
        for seed in range(150):
            pair = Pair(seed)
            mine, other = pair.make(own, shape), pair.make(original, shape)
            if any(is_odd(grid) for grid in other[:2]):
                continue
            keys = [str(key) for key in other[1].get_partition_keys()]
            assert keys == [str(key) for key in mine[1].get_partition_keys()], seed
            if not keys:
                continue
            wanted = random.Random(seed).sample(keys, 1)
            assert ours(mine, wanted) == theirs(other, wanted, instance), (seed, wanted, other)
            compared += 1
        assert compared > 40
