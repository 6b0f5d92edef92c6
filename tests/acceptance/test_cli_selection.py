"""`--select`, as a user types it."""

import pytest

CODE = """
from assetq import AssetSpec, asset

@asset(group_name="raw", tags={"slow": "yes"})
def orders(): ...

@asset(group_name="raw", kinds={"csv"})
def customers(): ...

@asset(key_prefix="mart", deps=[orders, customers, "feed"])
def joined(): ...

@asset(deps=[joined])
def report(): ...

feed = AssetSpec("feed")
"""

SELECTED = {
    (): ["customers", "mart/joined", "orders", "report"],
    ("--select", "+report"): ["mart/joined", "report"],
    ("--select", "*report"): ["customers", "mart/joined", "orders", "report"],
    ("--select", '1+key:"mart/*"'): ["customers", "mart/joined", "orders"],
    ("-s", "orders,report"): ["orders", "report"],
    ("-s", "orders", "-s", "group:raw and not orders"): ["customers", "orders"],
    ("-s", 'sinks(*) or tag:"slow"="yes"'): ["orders", "report"],
}


@pytest.mark.parametrize("options", SELECTED, ids=" ".join)
def test_what_is_selected(shell, options):
    shell.write("code.py", CODE)
    answer = shell("plan", "-f", "code.py", *options, "--json")
    assert answer.code == 0, answer.err
    assert sorted(node["asset"] for node in answer.json["nodes"]) == SELECTED[options]


REFUSED = {
    "ordrs": ["There is no asset 'ordrs'", "Did you mean 'orders'?"],
    "orders or key:reprot+": ["There is no asset 'reprot'", "Did you mean 'report'?"],
    "orders and": ["an asset was expected", "  orders and\n            ^"],
    "(orders $": ["'$' means nothing here", "  (orders $\n          ^"],
    "grop:raw": ["there is no attribute 'grop:'", "Did you mean 'group'?"],
    "status:FAILED": ["--missing or --failed"],
    "feed": ["nothing here makes 'feed'"],
    "tag:slow": ['tag:"slow"=*'],
    "": ["'*' selects every asset"],
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(shell, text):
    shell.write("code.py", CODE)
    answer = shell("plan", "-f", "code.py", "--select", text, "--json")
    assert (answer.code, answer.out) == (2, "")
    for part in REFUSED[text]:
        assert part in answer.err
