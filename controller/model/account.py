"""Accounts as the store knows them, and the identity of an account that signed in."""

from dataclasses import dataclass
from typing import TypeAlias

from controller.model.manifest import AppId
from controller.model.upstream import Upstream


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that the store knows. *id* is "" until it is known. *apps* are some of its bound apps."""

    upstream: Upstream
    id: str = ""
    apps: tuple[AppId, ...] = ()


@dataclass(frozen=True, slots=True)
class Identified:
    """The account is *upstream*, with its *id* if that is known. *same* are other names of it."""

    upstream: Upstream
    id: str = ""
    same: tuple[Upstream, ...] = ()


@dataclass(frozen=True, slots=True)
class AskAbout:
    """Gupshup has to be asked whether apps of these accounts belong to the account that signed in."""

    accounts: tuple[KnownAccount, ...]


@dataclass(frozen=True, slots=True)
class Unidentified:
    """No account is used. *message* holds the reason, and what to declare."""

    message: str


Identity: TypeAlias = Identified | AskAbout | Unidentified
