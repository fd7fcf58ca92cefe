"""`gupshupctl init`: a first folder of manifests. No file that exists is changed."""

import os
from importlib.resources import files
from pathlib import Path

import click

from controller.doors.cli.exits import OK
from controller.edges.new_files import sole_writer, write_new
from controller.edges.source import schemas

_IGNORED = ".gupshupctl/\n"
_FILES = ("README.md", "sample.yaml.txt")


@click.command()
@click.argument("directory", default="manifests", type=click.Path(file_okay=False, path_type=Path))
def command(directory: Path) -> int:
    """Write a first folder of manifests: DIRECTORY, or manifests/ if none is named.

    The folder gets a README, a commented sample, and the schema that editors need to check manifests. A
    .gitignore beside it excludes the store. No file that exists is overwritten.
    """
    scaffold = files(__package__) / "scaffold"
    texts = {directory / name: (scaffold / name).read_text(encoding="utf-8") for name in _FILES}
    texts |= {directory / schemas.FOR_EDITORS: schemas.any_kind(), directory.parent / ".gitignore": _IGNORED}
    with sole_writer(directory.parent), sole_writer(directory):
        kept = {path for path in texts if os.path.lexists(path)}
        write_new({str(path): text for path, text in texts.items() if path not in kept})
    for path in texts:
        click.echo(f"{'kept   ' if path in kept else 'written'} {path}")
    sample, first = directory / _FILES[1], directory / "first.yaml"
    click.echo(f"Next: cp {sample} {first}, change it, then gupshupctl validate {directory}")
    return OK
