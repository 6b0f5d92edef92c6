"""Time limits of steps that run in this process."""

import threading
import time

import pytest

from assetq import Definitions, RetryPolicy, asset, materialize_to_memory
from assetq.errors import DefinitionError, StepTimeoutError


@asset(op_tags={"assetq/timeout": 0.1})
def slow() -> None:
    time.sleep(0.001)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        time.sleep(0.01)


def test_a_step_over_its_limit_fails():
    result = materialize_to_memory([slow], raise_on_error=False)
    assert not result.success
    with pytest.raises(StepTimeoutError, match=r"slow took longer than its limit of 0\.1 s"):
        materialize_to_memory([slow])


def test_so_it_does_in_a_thread():
    seen = []

    def run() -> None:
        try:
            materialize_to_memory([slow])
        except StepTimeoutError as error:
            seen.append(error.timeout_s)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert seen == [0.1]


def test_a_long_sleep_is_cut_short():
    @asset(op_tags={"assetq/timeout": "0.1"}, retry_policy=RetryPolicy(max_retries=1))
    def sleeps(context) -> int:
        if context.retry_number == 0:
            time.sleep(20)
        return context.retry_number

    assert materialize_to_memory([sleeps]).output_for_node("sleeps") == 1


@pytest.mark.parametrize("text", ["soon", "0", -3])
def test_a_bad_limit_names_the_asset(text):
    @asset(op_tags={"assetq/timeout": text})
    def timed() -> None: ...

    with pytest.raises(DefinitionError, match=r"'timed'.*assetq/timeout"):
        Definitions([timed]).validate()
