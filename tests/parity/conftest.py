"""Each behaviour runs in every world."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from .world import InDagster, InProcess, OnFleet, World

WORLDS = ["process", "fleet", *(["dagster"] if find_spec("dagster") else [])]
# These hold two modules against each other.
collect_ignore_glob = [] if find_spec("dagster") else ["*_differential.py"]
MODULES = ["assetq", *(["dagster"] if find_spec("dagster") else [])]


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    """Where the assets of the test run."""
    if request.param == "process":
        return InProcess()
    if request.param == "fleet":
        return OnFleet(request.getfixturevalue("instance"))
    return InDagster(request.getfixturevalue("tmp_path"))


@pytest.fixture(params=MODULES)
def dg(request: pytest.FixtureRequest):
    """The module, for behaviours of definitions that run nothing."""
    if request.param == "assetq":
        import assetq.dagster

        return assetq.dagster
    import dagster

    return dagster
