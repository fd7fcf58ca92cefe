"""Documents on stdout, as JSON or as YAML with the same content."""

import json

import click


def print_document(document: object, form: str = "json") -> None:
    """Print *document*, of JSON values, as *form*: json, or yaml."""
    if form == "yaml":
        import yaml  # noqa: PLC0415  (slow to import, and rarely needed)

        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
        click.echo(text, nl=False)
    else:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
