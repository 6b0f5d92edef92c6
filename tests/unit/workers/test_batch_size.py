"""Steps travel together while their expected time stays within the budget."""

from __future__ import annotations

import pytest

from assetq import Definitions, asset
from assetq.errors import DefinitionError
from assetq.workers.batch_size import BatchSize


def after(*seconds: float, limit: int = 64) -> BatchSize:
    batches = BatchSize(limit, budget_s=0.25)
    for taken in seconds:
        batches.observe("a", taken)
    return batches


def test_nothing_is_known_of_the_first_step():
    assert after().of("a", {}) == 1


@pytest.mark.parametrize(("seconds", "steps"), [(0.0, 64), (0.001, 64), (0.01, 25), (0.1, 2), (0.2, 1), (10.0, 1)])
def test_as_many_as_are_expected_to_end_in_time(seconds, steps):
    assert after(seconds).of("a", {}) == steps


def test_it_follows_what_steps_take():
    assert after(*[0.001] * 10, 1.0).of("a", {}) == 1
    assert after(1.0, *[0.001] * 30).of("a", {}) == 64


def test_each_node_has_its_own():
    assert after(0.001).of("b", {}) == 1


def test_off_for_steps_that_need_it():
    assert after(0.001).of("a", {"assetq/batch": "off"}) == 1
    assert after(0.001).of("a", {"assetq/batch": "on"}) == 64
    assert after(0.001, limit=1).of("a", {}) == 1


def test_a_bad_tag_is_refused():
    @asset(op_tags={"assetq/batch": "of"})
    def hurried(): ...

    with pytest.raises(DefinitionError, match=r"'hurried'.*assetq/batch.*'of'.*'off'"):
        Definitions([hurried]).validate()
