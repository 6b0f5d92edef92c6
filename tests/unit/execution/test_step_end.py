"""What ends a step besides its result: exits, signals, results of checks beside it."""

import os
import signal

import pytest

from assetq import AssetCheckResult, AssetCheckSpec, asset, materialize


def test_results_of_checks_beside_the_output_are_recorded():
    @asset(check_specs=[AssetCheckSpec("low", asset="one"), AssetCheckSpec("high", asset="one")])
    def one():
        return AssetCheckResult(passed=False, check_name="high"), 5, AssetCheckResult(passed=True, check_name="low")

    result = materialize([one])
    assert result.asset_value("one") == 5
    assert {e.check_name: e.passed for e in result.get_asset_check_evaluations()} == {"low": True, "high": False}


@pytest.fixture
def exit_on_signal():
    def leave(signum, frame):
        raise SystemExit(signum)

    before = signal.signal(signal.SIGUSR1, leave)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("exit_on_signal")
def test_an_exit_by_signal_is_meant_for_the_process():
    @asset
    def one():
        os.kill(os.getpid(), signal.SIGUSR1)

    with pytest.raises(SystemExit):
        materialize([one], raise_on_error=False)
