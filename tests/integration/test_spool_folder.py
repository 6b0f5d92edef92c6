"""What a killed worker leaves behind in the folder for temporary files goes with the next start."""

from __future__ import annotations

import signal

from assetq.broker.lifeline import is_alive

from ..waiting import eventually


def test_the_folder_of_a_killed_worker_is_removed_and_no_other(fleet, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    fleet.start("work_chain")
    kept = set(tmp_path.glob("assetq-worker-*"))
    fleet.start("work_chain")
    killed = set(tmp_path.glob("assetq-worker-*")) - kept
    assert len(kept) == len(killed) == 1
    process = fleet.processes[-1]
    children = fleet.children(process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    eventually(lambda: not any(map(is_alive, children)))
    fleet.start("work_chain")
    assert len(set(tmp_path.glob("assetq-worker-*")) - kept - killed) == 1
    assert all(folder.exists() for folder in kept)
    assert not any(folder.exists() for folder in killed)
