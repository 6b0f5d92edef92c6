"""No key leaves its folder."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assetq.io.path import escape_partition_key, unescape_partition_key

NASTY = [
    "..",
    ".",
    "",
    "/",
    "../../etc/passwd",
    "a/b",
    "a\\b",
    "\x00",
    "%2F",
    ".hidden",
    "x" * 500,
    "~",
    "a..b",
    "é" * 100,
]


def is_safe(name):
    return name not in ("", ".", "..") and "/" not in name and "\x00" not in name and len(name.encode()) <= 200


@given(st.one_of(st.text(), st.sampled_from(NASTY)))
def test_names_are_safe_and_reversible(key):
    name = escape_partition_key(key)
    assert is_safe(name)
    assert Path("/base", name).parent == Path("/base")
    if "~" not in name and not any("\ud800" <= c <= "\udfff" for c in key):
        assert unescape_partition_key(name) == key


@given(st.lists(st.one_of(st.text(max_size=300), st.sampled_from(NASTY)), unique=True, max_size=20))
def test_different_keys_have_different_names(keys):
    assert len({escape_partition_key(key) for key in keys}) == len(keys)


def test_usual_keys_stay_readable():
    for key in ("2013-01-01", "2013-01-01-00:00", "eu|2024", "north_west", "Zürich"):
        assert escape_partition_key(key) == key
