"""Warnings about a partner's account, on stderr, before anything is planned or written for it."""

import click

from controller.core.account.facts import join_facts
from controller.core.account.warnings import warnings
from controller.core.render.plan_lines import of_warning
from controller.loop.ports import Account, Reader


async def print_partner_warnings(account: Account[Reader]) -> None:
    """Print what will stop working, or does not work, for the account that has just signed in."""
    memory = await account.store.memories.read(account.upstream)
    facts = join_facts(account.remote.account_facts, memory.account)
    for warning in warnings(account.partner, facts, account.clock.now()):
        click.echo(of_warning(account.partner.name, warning), err=True)
