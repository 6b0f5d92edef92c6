"""Many simulated workers drive the scripts at random; after every move Redis must be what a small model says.

`MODEL_EXAMPLES` asks for more of it: `make chaos` does. A failure prints the moves that lead to it.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from assetq.broker.connection import connect

from .moves import Fleet, Pools

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
STEPS = int(os.environ.get("MODEL_STEPS", "60"))
PROFILE = settings(
    max_examples=EXAMPLES or 40,
    stateful_step_count=STEPS,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    print_blob=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(0 if EXAMPLES else 120)
@pytest.mark.parametrize("moves", [Fleet, Pools])
def test_the_scripts_are_what_the_model_says(server, moves):
    with connect(server.url) as client:
        machine = type(moves.__name__, (moves,), {"client": client, "url": server.url})
        run_state_machine_as_test(machine, settings=PROFILE)
