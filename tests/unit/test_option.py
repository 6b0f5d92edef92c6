"""Options of the command line, as they are typed."""

import pytest

from assetq.cli.option import read_ranges
from assetq.errors import UsageError


def test_ranges_of_partitions():
    assert read_ranges(["a..c", "x..x"]) == (("a", "c"), ("x", "x"))


@pytest.mark.parametrize("text", ["all", "a", "a..", "..c", ""])
def test_another_form_is_told_what_to_type(text):
    with pytest.raises(UsageError, match=rf"not '{text}'\. Every partition is --all"):
        read_ranges([text])
