"""Data that another version laid out is not touched."""

from __future__ import annotations

import subprocess

import pytest

from assetq import Instance
from assetq.broker.connection import check_layout
from assetq.broker.keys import LAYOUT_VERSION
from assetq.errors import UsageError
from assetq.workers.launch import worker_command


def test_a_fresh_namespace_is_marked(fleet):
    instance = fleet.instance
    assert instance.client.get(instance.keys.root).decode() == LAYOUT_VERSION
    check_layout(instance.client, instance.keys)


def test_another_layout_is_refused_by_clients_and_workers(fleet):
    instance, settings = fleet.instance, fleet.settings
    instance.client.set(instance.keys.root, "0")
    told = f"Namespace '{settings.namespace}' holds data of layout 0, and this assetq writes layout {LAYOUT_VERSION}"
    with pytest.raises(UsageError, match=told):
        Instance.connect(settings.redis_url, namespace=settings.namespace)
    done = subprocess.run(
        worker_command("work_timed", None), env=fleet.env(), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert instance.client.get(instance.keys.root) == b"0"
