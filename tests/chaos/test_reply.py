"""A reply that is lost on its way costs nothing: what was asked is not done twice, and no crash is counted."""

from __future__ import annotations

import time

from assetq.execution import EventType

from .rig import Shape


def test_nothing_is_counted_as_a_crash(rig_of):
    """Replies are lost again and again while steps are claimed, chained and committed."""
    rig = rig_of(Shape(batch_ms=0))
    rig.submit()
    for begun in range(20, 220, 10):
        rig.await_begun(begun)
        proxy = rig.random.choice(rig.proxies)
        proxy.lose_replies()
        time.sleep(0.1)  # the length of the fault, not a wait for something
        proxy.heal()
    assert rig.handle.wait(60).status == "SUCCESS"
    events = rig.instance.follow_events(rig.handle.run_id)
    assert [e for e in events if e.type is EventType.STEP_WORKER_LOST] == []
