"""Every script says truly what it takes and answers."""

import re
from importlib.resources import files

import pytest

from assetq.broker.codes import Code
from assetq.broker.event_form import CODES, TYPES, pack_fields, unpack_fields
from assetq.broker.keys import PATTERNS, Keys
from assetq.broker.script import load_script, script_names
from assetq.execution import EventType


@pytest.mark.parametrize("name", script_names())
def test_header_matches_body(name):
    script = load_script(name)
    assert script.purpose
    used = {int(number) for number in re.findall(r"ARGV\[(\d+)\]", script.body)}
    assert used == set(range(1, len(script.arguments) + 1)), "undocumented or unused ARGV"
    first = script.body.splitlines()[0]
    assert first.startswith(f"-- {name}: ")


@pytest.mark.parametrize("name", script_names())
def test_replies_are_known_codes(name):
    script = load_script(name)
    answered = set(re.findall(r'return \{ "([A-Z_]+)"', script.body))
    assert answered <= {code.value for code in Code}
    assert answered == set(script.replies)


@pytest.mark.parametrize("name", script_names())
def test_events_are_known(name):
    known = {str(event) for event in EventType}
    assert set(load_script(name).events) <= known


def test_events_have_the_same_numbers_everywhere():
    assert set(CODES) == set(EventType)
    assert len(TYPES) == len(CODES)
    text = (files("assetq.broker") / "lua" / "lib" / "event.lua").read_text(encoding="utf-8")
    in_lua = {name: int(code) for name, code in re.findall(r"\b([A-Z_]+) = (\d+)[,\s]", text) if name != "FEED_LENGTH"}
    assert in_lua == {str(type): code for type, code in CODES.items() if str(type) in in_lua}
    told = {event for name in script_names() for event in load_script(name).events}
    assert told - set(in_lua) <= {"ASSET_MATERIALIZATION", "ASSET_OBSERVATION", "ASSET_CHECK_EVALUATION"}


def test_scripts_build_keys_only_through_the_prelude():
    folder = files("assetq.broker") / "lua"
    for entry in [*folder.iterdir(), *(folder / "lib").iterdir()]:
        if entry.name.endswith(".lua"):
            text = entry.read_text(encoding="utf-8")
            assert "KEYS[" not in text, entry.name
            assert not re.search(r'"(KEYS|SCAN)"', text), entry.name


def test_keys_of_different_kinds_differ():
    keys = Keys("n")
    built = {keys(p.name, *["x"] * len(p.fields)) for p in PATTERNS}
    assert len(built) == len(PATTERNS)
    assert all(key.startswith("{n}") for key in built)


def test_digests_travel_as_bytes_and_first_attempts_go_without_saying():
    kind = EventType.ASSET_MATERIALIZATION
    data = {"data_version": "00ff" * 4, "input_data_versions": {"a": "12ab" * 4, "b": "mine"}, "metadata": {"x": "1"}}
    packed = pack_fields(kind, data, n=1, s=2, a=1)
    assert bytes.fromhex("00ff" * 4) in packed
    assert len(packed) < len(pack_fields(kind, data, n=1, s=2, a=2)) < len(packed) + 4
    fields = unpack_fields("5-0", {b"e": packed})
    assert fields["d"] == data
    assert fields["a"] == 1
    assert unpack_fields("5-0", {b"e": pack_fields(kind, data, n=1, s=2, a=2)})["a"] == 2
    assert "a" not in unpack_fields("5-0", {b"e": pack_fields(kind, data)})  # of no step


@pytest.mark.parametrize("version", ["", "1", "00FF00FF00FF00FF", "00ff00ff00ff00ff0", "é" * 16, 7])
def test_other_data_versions_stay_what_they_are(version):
    packed = pack_fields(EventType.ASSET_OBSERVATION, {"data_version": version})
    assert unpack_fields("5-0", {b"e": packed})["d"] == {"data_version": version}
