"""Faults at random. `CHAOS_SEED=7` plays one round again; `python -m tests.chaos --seeds 1..200` plays many."""

from __future__ import annotations

import sys

import pytest

from .storm import play

ROUNDS = 10


def clean_up() -> None:
    """The next round imports its code anew."""
    for name in [name for name in sys.modules if name.startswith(("work_", "sabotage"))]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def _own_imports(monkeypatch):
    monkeypatch.setenv("TRAIL_FILE", "")
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    clean_up()


def test_a_round_of_random_faults(tmp_path, chaos_seed):
    play(chaos_seed, tmp_path)


@pytest.mark.chaos
@pytest.mark.parametrize("number", range(1, ROUNDS))
def test_further_rounds(tmp_path, chaos_seed, number):
    play(chaos_seed + number, tmp_path)
