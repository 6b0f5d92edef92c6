"""`new`: a small working project."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import click

from assetq.errors import UsageError

FILES = {
    "pyproject.toml": "pyproject.toml.txt",
    "{module}.py": "definitions.py.txt",
    "README.md": "README.md.txt",
    ".gitignore": "gitignore.txt",
}

NEXT = """Wrote {folder}/. Next:
  cd {folder}
  assetq plan --all
  assetq dev                      # in one terminal
  assetq backfill --all --watch   # in another"""


@click.command()
@click.argument("name")
def new(name: str) -> None:
    """Write a small working project into the folder NAME."""
    folder = Path(name)
    module = re.sub(r"\W", "_", folder.name)
    if not re.match(r"^[A-Za-z_]\w*$", module):
        raise UsageError(
            f"'{folder.name}' cannot name a Python module; use letters, digits, '_' and '-', a letter first."
        )
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"Folder '{name}' exists and is not empty; choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    templates = files("assetq.cli") / "templates"
    for target, template in FILES.items():
        text = (
            (templates / template)
            .read_text(encoding="utf-8")
            .replace("{{name}}", folder.name)
            .replace("{{module}}", module)
        )
        (folder / target.replace("{module}", module)).write_text(text, encoding="utf-8")
    click.echo(NEXT.format(folder=folder))
