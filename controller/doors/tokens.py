"""The source of a partner's token, and what sign-ins tell: the client and the store, joined."""

import hashlib
import secrets
from collections.abc import Callable
from functools import partial

from controller.core.account.facts import news, obstacle_to_links
from controller.core.credentials import keeper
from controller.edges import log
from controller.edges.gupshup import GupshupReader, Reveal, SourceOfTokens, TokenSource
from controller.edges.store import SqlStore
from controller.loop.tokens.app_mints import AppMints
from controller.loop.tokens.app_routes import StoredAppRoutes
from controller.loop.tokens.context import Office, TokenContext
from controller.loop.tokens.mints import Mints
from controller.loop.tokens.source import PartnerTokens
from controller.model.clock import Clock
from controller.model.manifest import Login, Partner
from controller.model.upstream import Upstream

OnWarning = Callable[[str, str], None]
"""Called with the name of a Partner, and with a warning about its credentials. Returns at once."""


def source_of_tokens(  # noqa: PLR0913  (each by keyword)
    partner: Partner,
    store: SqlStore,
    *,
    clock: Clock,
    reveal: Reveal,
    endless: bool,
    warn: OnWarning,
    suffix: Callable[[], str],
) -> SourceOfTokens:
    """Return what makes the source of the partner's token for one session.

    *endless*: the process never stops by itself. A given token has no other source.
    """
    login = partner.credentials
    if not isinstance(login, Login):
        return _given
    context = TokenContext(
        login=login_key(partner, reveal),
        auth=login.auth,
        who=keeper(new=store.new, writable=not store.passing, endless=endless),
        declared=partner.partner_id,
        credentials=lambda: (reveal(login.email), reveal(login.secret)),
        clock=clock,
        suffix=suffix,
        warn=partial(warn, partner.name),
    )
    return partial(_partner_tokens, store, context)


def _given(sign_in: TokenSource, _: Office) -> TokenSource:
    return sign_in


def _partner_tokens(
    store: SqlStore, context: TokenContext, sign_in: TokenSource, office: Office
) -> TokenSource:
    return PartnerTokens(
        sign_in,
        Mints(office, store, context),
        context,
        StoredAppRoutes(store.calls, context),
        AppMints(office, store, context),
    )


async def learn_account(store: SqlStore, remote: GupshupReader, upstream: Upstream) -> None:
    """Keep what the sign-in told of the account, for processes whose token tells nothing.

    If the account could not link apps when it was last known, a login tells whether that is still so.
    """
    known = (await store.memories.read(upstream)).account
    if obstacle_to_links(known) is not None and remote.account_facts.terms_accepted is None:
        await remote.ask_account()
    told = news(remote.account_facts, known)
    if told is not None:
        await store.memories.tell(upstream, told)


def random_suffix() -> str:
    """Return letters and digits that no other token's name ends in."""
    return secrets.token_hex(4)


def log_warning(partner: str, message: str) -> None:
    log.logger().warning("credentials", partner=partner, message=message)


def login_key(partner: Partner, reveal: Reveal) -> str:
    """Return a key for the credentials. Sign-ins are counted under it until their account is known."""
    match partner.credentials:
        case Login(email):
            text = reveal(email).reveal().strip().lower()
            return f"{partner.url} login {hashlib.sha256(text.encode()).hexdigest()[:16]}"
        case _:
            return f"{partner.url} token"
