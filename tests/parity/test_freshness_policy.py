"""Freshness policies: what can be said with them, and who carries them."""

from datetime import timedelta

import pytest

HOUR = timedelta(hours=1)


def test_a_time_window(dg):
    policy = dg.FreshnessPolicy.time_window(fail_window=2 * HOUR, warn_window=HOUR)
    assert isinstance(policy, dg.FreshnessPolicy)
    assert policy == dg.FreshnessPolicy.time_window(2 * HOUR, HOUR)
    assert policy != dg.FreshnessPolicy.time_window(2 * HOUR)
    assert dg.FreshnessPolicy.time_window(2 * HOUR).warn_window is None


@pytest.mark.parametrize(
    ("fail", "warn"),
    [(2 * HOUR, 3 * HOUR), (HOUR, HOUR), (timedelta(seconds=59), None), (HOUR, timedelta(seconds=59))],
)
def test_a_time_window_that_cannot_be(dg, fail, warn):
    with pytest.raises(Exception, match="_window"):
        dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=warn)


def test_a_deadline(dg):
    policy = dg.FreshnessPolicy.cron(deadline_cron="0 10 * * *", lower_bound_delta=HOUR, timezone="Europe/Berlin")
    assert (policy.deadline_cron, policy.lower_bound_delta, policy.timezone) == ("0 10 * * *", HOUR, "Europe/Berlin")
    assert dg.FreshnessPolicy.cron("0 10 * * *", HOUR).timezone == "UTC"
    assert len({policy, dg.FreshnessPolicy.cron("0 10 * * *", HOUR, "Europe/Berlin")}) == 1


@pytest.mark.parametrize(
    ("cron", "hours"), [("0 10 * * *", 24), ("0 10 * * 1-5", 24), ("0 10 * * 1", 7 * 24), ("0 9,12 * * *", 3)]
)
def test_how_long_before_a_deadline(dg, cron, hours):
    assert dg.FreshnessPolicy.cron(cron, hours * HOUR).deadline_cron == cron
    with pytest.raises(Exception, match="lower_bound_delta"):
        dg.FreshnessPolicy.cron(cron, hours * HOUR + timedelta(minutes=1))


@pytest.mark.parametrize(
    "options",
    [
        {"deadline_cron": "bad", "lower_bound_delta": HOUR},
        {"deadline_cron": "0 10 * * *", "lower_bound_delta": HOUR, "timezone": "No/Where"},
        {"deadline_cron": "0 10 * * *", "lower_bound_delta": timedelta(seconds=59)},
    ],
    ids=["schedule", "zone", "short"],
)
def test_a_deadline_that_cannot_be(dg, options):
    with pytest.raises(Exception, match=r"cron|zone|lower_bound_delta"):
        dg.FreshnessPolicy.cron(**options)


def test_assets_and_specs_carry_a_policy(dg):
    policy = dg.FreshnessPolicy.time_window(HOUR)

    @dg.asset(freshness_policy=policy)
    def one(): ...

    assert one.get_asset_spec().freshness_policy == policy
    assert dg.AssetSpec("a", freshness_policy=policy).freshness_policy == policy
    assert one.metadata_by_key == {one.key: {}}


def test_what_is_no_policy_is_refused(dg):
    with pytest.raises(Exception, match="freshness_policy"):
        dg.AssetSpec("a", freshness_policy=5)
    with pytest.raises(Exception, match="freshness_policy"):

        @dg.asset(freshness_policy=HOUR)
        def refused(): ...


def test_a_policy_is_applied_to_specs(dg):
    first, second = dg.FreshnessPolicy.time_window(HOUR), dg.FreshnessPolicy.time_window(2 * HOUR)
    spec = dg.AssetSpec("a", freshness_policy=first)
    assert dg.apply_freshness_policy(dg.AssetSpec("a"), first) == spec
    assert dg.apply_freshness_policy(spec, second).freshness_policy == second
    assert dg.apply_freshness_policy(spec, second, overwrite_existing=False) == spec
    assert dg.apply_freshness_policy(dg.AssetSpec("a"), first, overwrite_existing=False) == spec


def test_a_policy_is_applied_to_all_assets(dg):
    policy = dg.FreshnessPolicy.time_window(HOUR)

    @dg.asset
    def one(): ...

    defs = dg.Definitions([one, dg.AssetSpec("two")])
    defs = defs.map_asset_specs(func=lambda spec: dg.apply_freshness_policy(spec, policy))
    assert {spec.freshness_policy for spec in defs.resolve_all_asset_specs()} == {policy}


def test_a_policy_is_applied_to_specs_only(dg):
    @dg.asset
    def one(): ...

    with pytest.raises(Exception, match="AssetSpec"):
        dg.apply_freshness_policy(one, dg.FreshnessPolicy.time_window(HOUR))
