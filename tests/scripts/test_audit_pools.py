"""What is lost of keys, bundles and limits of runs is found, and repaired; what is whole is not complained of."""

import pytest

from assetq import Definitions, MultiPartitionsDefinition, StaticPartitionsDefinition, asset
from assetq.broker.engine import Claimant, Outcome

CUSTOMERS = StaticPartitionsDefinition(["acme", "bolt", "cook"])
GRID = MultiPartitionsDefinition({"customer": CUSTOMERS, "day": StaticPartitionsDefinition(["d1", "d2", "d3"])})


@asset(partitions_def=GRID, pool="db", concurrency_key="customer")
def laned() -> None: ...


@asset(partitions_def=CUSTOMERS, pool={"db": 2, "api": 1})
def heavy() -> None: ...


@asset(partitions_def=CUSTOMERS, pool="db", concurrency_key="team")
def keyed() -> None: ...


DEFS = Definitions([laned, heavy, keyed])
LOSSES = {
    "an offer of a lane": ("laned", lambda c, k, r: c.zrem(k("offer", r, "db"), "0|0", "0|1", "0|2")),
    "where lanes are parked": ("laned", lambda c, k, r: c.delete(k("parked", "customer=acme", "db"))),
    "what is parked at a value": ("laned", lambda c, k, r: c.delete(k("parkings", "customer=acme"))),
    "values that are waited for": ("laned", lambda c, k, r: c.delete(k("parked_keys"))),
    "an offer of a bundle": ("heavy", lambda c, k, r: c.delete(k("offer", r, "db*2+api"))),
    "the turn of a bundle": ("heavy", lambda c, k, r: c.delete(k("turns", "db*2+api"))),
    "bundles of a pool": ("heavy", lambda c, k, r: c.delete(k("bundles", "api"))),
    "that a pool is shared": ("heavy", lambda c, k, r: c.hdel(k("limits"), "shared:api")),
    "where a node is parked": ("keyed", lambda c, k, r: c.delete(k("parked", "team=t", "db"))),
}


@pytest.fixture
def instance(instance):
    instance.engine.heartbeat("w", {"pools": "default,db,api", "concurrency": 4}, [])
    instance.set_pool_limit("db", 3)
    return instance


def submit(instance, name, **options):
    return instance.submit(DEFS, selection=name, partitions="all", tags={"team": "t"}, **options).run_id


def finish(instance, run_id):
    """Claim and commit whatever is granted."""
    worker = Claimant("w", 1, ("db", "api"))
    for _ in range(50):
        fences = [fence.decode() for fence in instance.client.smembers(instance.keys("run_grants", run_id))]
        for grant in filter(None, (instance.engine.claim(run_id, fence, worker) for fence in fences)):
            ends = [Outcome(step, "succeeded", 1, 0) for step in range(grant.start, grant.stop)]
            instance.engine.commit(grant, worker, ends)
    return instance.get_run(run_id).status


@pytest.mark.parametrize("name", ["laned", "heavy", "keyed"])
def test_a_sound_run_is_sound(instance, name):
    assert instance.check_run(submit(instance, name)) is None


def test_a_run_that_waits_for_another_is_sound(instance):
    instance.set_run_limit("team=*", 1)
    first, second = submit(instance, "heavy"), submit(instance, "laned")
    assert [instance.check_run(run_id) for run_id in (first, second)] == [None, None]
    instance.client.delete(instance.keys("admissions"))
    assert "not on offer" in instance.check_run(second)
    instance.repair_run(second)
    assert instance.check_run(second) is None
    assert (finish(instance, second), finish(instance, first)) == ("QUEUED", "SUCCESS")
    assert finish(instance, second) == "SUCCESS"


def test_a_run_with_a_limit_of_its_own_is_sound(instance):
    assert instance.check_run(submit(instance, "laned", max_concurrent=1)) is None


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_lost_is_found_and_repaired(instance, loss):
    name, lose = LOSSES[loss]
    if name == "heavy":
        instance.set_pool_limit("api", 1)
    run_id = submit(instance, name)
    lose(instance.client, instance.keys, run_id)
    assert instance.check_run(run_id) is not None
    instance.repair_run(run_id)
    assert instance.check_run(run_id) is None
    assert finish(instance, run_id) == "SUCCESS"
