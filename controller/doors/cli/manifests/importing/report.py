"""The report of an import: what was written, and what is left out."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from controller.core.host import host_of
from controller.core.importing.account import AccountRead, LeftOut
from controller.core.importing.files import ImportedFiles
from controller.model.text import escape

_WARNING = (
    "Warning: Subscription/{}: its URL at {} has a query (?…), which may hold a secret. Look at it before "
    "you commit the file."
)


def print_files(files: ImportedFiles, accounts: Sequence[AccountRead], folder: Path, output: str) -> None:
    """Print *files* on stdout as *output*, and on stderr a warning about each URL that may hold a secret."""
    for name, url in sorted(files.urls.items()):
        if "?" in url:
            click.echo(escape(_WARNING.format(name, host_of(url))), err=True)
    if output == "json":
        document = {
            "formatVersion": "1.0",
            "files": [f"{folder.as_posix()}/{path}" for path in sorted(files.texts)],
            "declared": sum(len(account.declared) for account in accounts),
            "leftOut": [_fields(each) for each in files.left_out],
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    click.echo(_summary(files, accounts, folder))
    if hosts := Counter(host_of(url) for url in files.urls.values()):
        click.echo(
            escape(f"hosts of webhooks: {', '.join(f'{host} ({n})' for host, n in sorted(hosts.items()))}")
        )
    for each in files.left_out:
        click.echo(escape(f"! left out  {subject(each)}: {each.why}"))


def _summary(files: ImportedFiles, accounts: Sequence[AccountRead], folder: Path) -> str:
    kinds = [kind for kind, _ in files.keys]
    apps, webhooks = kinds.count("App"), kinds.count("Subscription")
    before = sum(len(account.declared) for account in accounts)
    again = " Their webhooks were not read again: import --patch compares them."
    declared = f" {counted(before, 'app')} declared before.{again}" if before else ""
    written = f"{counted(apps, 'app')} and {counted(webhooks, 'subscription')}"
    places = counted(len(files.texts), "file")
    return f"{written} in {places} below {folder}.{declared} {len(files.left_out)} left out."


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def subject(each: LeftOut) -> str:
    return f"webhook {each.webhook} on {each.app}" if each.webhook else f"app {each.app} ({each.app_id})"


def _fields(each: LeftOut) -> Mapping[str, str]:
    return {
        "partner": each.partner,
        "app": each.app,
        "appId": each.app_id,
        "webhook": each.webhook,
        "why": each.why,
    }
