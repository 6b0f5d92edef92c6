"""Every bad input of the contract: an error before anything runs, that names things and says what to do."""

import pytest

HEAD = "from assetq import *\nfrom assetq import DailyPartitionsDefinition as Daily\n"

BAD_CODE = {
    "cycle": (
        "@asset\ndef a(b): ...\n@asset\ndef b(a): ...\n",
        ["in a circle", "a -> b -> a", "code.py:"],
    ),
    "duplicate": (
        "@asset\ndef a(): ...\n@asset(name='a')\ndef other(): ...\n",
        ["'a' is defined twice", "code.py:3", "code.py:5"],
    ),
    "unknown upstream": (
        "@asset\ndef orders(): ...\n@asset\ndef late(ordes): ...\n",
        ["'late' depends on 'ordes'", "Did you mean 'orders'?", "code.py:5", "AssetSpec"],
    ),
    "unknown upstream that is not loaded": (
        "@asset\ndef orders(): ...\n@asset(deps=['ordes'])\ndef late(): ...\n",
        ["'late' depends on 'ordes'", "Did you mean 'orders'?", "code.py:5", "AssetSpec"],
    ),
    "bad key": ("@asset(name='a b')\ndef a(): ...\n", ["'a b'", "letters, digits and underscores", "code.py:3"]),
    "missing resource": (
        "@asset(required_resource_keys={'db'})\ndef a(): ...\n",
        ["'a' needs resource 'db'", "code.py:3", "Definitions(resources="],
    ),
    "two io managers": (
        "@asset(io_manager_key='x', io_manager_def=InMemoryIOManager())\ndef a(): ...\n",
        ["io_manager_def and io_manager_key", "code.py:3"],
    ),
    "an import that fails": ("import nonexistent_thing\n", ["nonexistent_thing", "code.py:3"]),
    "a syntax error": ("def (:\n", ["cannot be imported", "code.py:3"]),
    "a resource with an unknown field": (
        "@asset\ndef a(): ...\ndefs = Definitions([a], resources={'r': FilesystemIOManager(base='x')})\n",
        ["cannot be imported: FilesystemIOManager: base: ", "code.py:5"],
    ),
    "no assets": ("x = 1\n", ["neither a Definitions object nor assets"]),
    "a negative default limit": (
        "@asset\ndef a(): ...\ndefs = Definitions([a], pools={'p': -1})\n",
        ["Pool 'p'", "-1"],
    ),
}


@pytest.mark.parametrize("name", BAD_CODE)
def test_bad_definitions(shell, name):
    code, expected = BAD_CODE[name]
    shell.write("code.py", HEAD + code)
    answer = shell("plan", "-f", "code.py")
    assert answer.code == 2
    for part in expected:
        assert part in answer.err, answer.err


GOOD = (
    HEAD + "from pydantic import Field\n"
    "class Size(Config):\n    rows: int = Field(gt=0)\n"
    "@asset\ndef sized(config: Size): return config.rows\n"
    "@asset(partitions_def=Daily('2024-01-01', end_date='2024-02-01'))\ndef daily(): ...\n"
)

LOCAL = ("materialize", "-f", "code.py", "-s", "sized", "--local")

BAD_COMMANDS = {
    ("plan", "-f", "code.py", "--select", "dayly"): ["There is no asset 'dayly'", "Did you mean 'daily'?"],
    ("plan", "-f", "code.py", "--select", "daily and"): ["Cannot read the selection", "^"],
    ("plan", "-f", "code.py", "--select", "daily"): ["is partitioned", "--all"],
    ("plan", "-f", "code.py", "-s", "daily", "--partition", "2024-01-99"): ["'2024-01-99'", "daily", "31 partitions"],
    ("plan", "-f", "code.py", "-s", "daily", "--partitions", "2024-01-09..2024-01-02"): ["runs backwards"],
    ("plan", "-f", "code.py", "-s", "daily", "--partitions", "2024-01-09"): ["FIRST..LAST"],
    ("plan", "-f", "code.py", "-s", "daily", "--all", "--missing"): ["keep one"],
    ("plan", "-f", "nothing.py"): ["There is no file 'nothing.py'"],
    ("plan", "-m", "no_such_module"): ["There is no module 'no_such_module'"],
    ("plan",): ["-m MODULE or -f FILE"],
    (*LOCAL, "--config", "bad.yaml"): ["ops.sized.config.rows", "code.py"],
    (*LOCAL, "--config", "typo.yaml"): ["'sizd'", "Did you mean 'sized'?"],
    (*LOCAL, "--tag", "x"): ["KEY=VALUE"],
    ("backfil",): ["There is no command 'backfil'", "Did you mean 'backfill'?"],
    ("runs", "lst"): ["Did you mean 'list'?"],
    ("plan", "-f", "code.py", "--selct", "daily"): ["--selct", "--select"],
    ("new", "1st"): ["cannot name a Python module"],
}  # fmt: skip


@pytest.mark.parametrize("command", BAD_COMMANDS, ids=" ".join)
def test_bad_commands(shell, command):
    shell.write("code.py", GOOD)
    shell.write("bad.yaml", "ops: {sized: {config: {rows: -1}}}")
    shell.write("typo.yaml", "ops: {sizd: {config: {rows: 1}}}")
    answer = shell(*command)
    assert answer.code == 2, answer
    for part in BAD_COMMANDS[command]:
        assert part in answer.err, answer.err


@pytest.mark.parametrize(
    "command", [("runs", "list"), ("pools", "list", "--json"), ("backfill", "-f", "code.py", "--all")]
)
def test_no_server(shell, command):
    shell.write("code.py", GOOD)
    shell.environment = {**shell.environment, "ASSETQ_REDIS_URL": "redis://:secret@127.0.0.1:1/0"}
    answer = shell(*command)
    assert answer.code == 3
    assert "127.0.0.1:1" in answer.err
    assert "assetq dev" in answer.err
    assert "secret" not in answer.err + answer.out


def test_a_bad_setting_is_named(shell):
    shell.write("pyproject.toml", "[tool.assetq]\nlease = 3\n")
    answer = shell("runs", "list")
    assert answer.code == 2
    assert "'lease'" in answer.err
    assert "lease_ms" in answer.err
