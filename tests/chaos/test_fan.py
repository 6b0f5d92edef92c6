"""A plan that grows while processes are killed, Redis forgets its last second, and the run is canceled and retried."""

from __future__ import annotations

import pytest

from .checker import check
from .rig import Shape
from .storm import strike

FAN = Shape(module="work_fan")
BLOWS = {
    "the source dies": ((1, "kill_child"), (1, "kill_group")),
    "Redis forgets": ((1, "forget_a_second"), (60, "forget_a_second"), (160, "forget_a_second")),
    "workers die": ((20, "kill_group"), (90, "kill_parent"), (150, "suspend_group")),
    "it is canceled and retried": ((40, "kill_child"), (80, "cancel_and_retry")),
}


@pytest.mark.parametrize("name", BLOWS)
def test_a_fan_is_run_whole(rig_of, name):
    rig = rig_of(FAN)
    rig.submit()
    for after, blow in BLOWS[name]:
        rig.await_begun(after)
        strike(rig, blow)
    check(rig)
