"""An event as `assetq events` prints it."""

from assetq.cli.output import event_line
from assetq.execution import Event, EventType


def test_a_batch_is_told_where_it_begins():
    start = Event(EventType.STEP_START, 0, "r", step_key="orders[0]", data={"batch": 32})
    assert event_line(start) == "00:00:00.000 STEP_START             orders[0] (batch of 32)"
