"""`gupshupctl init`: a first folder of manifests. No file that exists is changed."""

from importlib.resources import files
from pathlib import Path

import click

from controller.doors.cli.exits import OK
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
    (directory / schemas.FOR_EDITORS).parent.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        _write(directory / name, files(__package__).joinpath("scaffold", name).read_text(encoding="utf-8"))
    _write(directory / schemas.FOR_EDITORS, schemas.any_kind())
    _write(directory.parent / ".gitignore", _IGNORED)
    sample, first = directory / _FILES[1], directory / "first.yaml"
    click.echo(f"Next: cp {sample} {first}, change it, then gupshupctl validate {directory}")
    return OK


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        click.echo(f"kept    {path}")
    else:
        click.echo(f"written {path}")
