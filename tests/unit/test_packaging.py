"""The package holds what it should, and importing it is light."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import assetq

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_every_folder_with_code_is_packaged():
    found = set()
    for folder, prefix in (("assetq", "assetq"), ("broker", "assetq.broker"), ("workers", "assetq.workers")):
        for path in (ROOT / folder).rglob("__init__.py"):
            parts = path.parent.relative_to(ROOT / folder).parts
            found.add(".".join([prefix, *parts]))
    assert found == set(PYPROJECT["tool"]["setuptools"]["packages"])


def test_all_is_sorted_and_true():
    assert assetq.__all__ == sorted(assetq.__all__)
    assert all(hasattr(assetq, name) for name in assetq.__all__)


def test_each_name_is_of_one_layer():
    # Type checkers see what the layers list; what the lazy import finds must be the same.
    layers = [import_module(f"assetq.{layer}") for layer in assetq._LAYERS if layer != "errors"]
    for name in sorted(set(assetq.__all__) - {"AssetqError"}):
        (listing,) = [layer for layer in layers if name in layer.__all__]
        assert getattr(assetq, name) is getattr(listing, name)


def test_import_is_light():
    code = (
        "import sys; from assetq import *; "
        "print(sorted(set(sys.modules) & {'celery', 'kombu', 'redis', 'pandas', 'polars', 'rich', 'click', 'lark'}))"
    )
    assert python(code) == "[]"


def test_no_second_copy_from_the_repository_root():
    code = (
        "import importlib.util as u, assetq.broker, assetq.workers; "
        "print(u.find_spec('broker'), u.find_spec('workers'))"
    )
    assert python(code, PYTHONSAFEPATH="1") == "None None"


def test_at_most_a_dozen_dependencies_with_lower_bounds():
    needed = PYPROJECT["project"]["dependencies"]
    assert len(needed) <= 12
    assert all(">=" in line for line in needed)
