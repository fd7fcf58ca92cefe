"""Accounts as the store knows them, and whose account one turns out to be that signed in."""

from dataclasses import dataclass
from typing import TypeAlias

from controller.model.manifest import AppId
from controller.model.upstream import Upstream


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that the store knows. *id* is "" until somebody told it; *apps* are some that are bound."""

    upstream: Upstream
    id: str = ""
    apps: tuple[AppId, ...] = ()


@dataclass(frozen=True, slots=True)
class Identified:
    """It is the account *upstream*, by its *id* where that is known; *same* are other names of it."""

    upstream: Upstream
    id: str = ""
    same: tuple[Upstream, ...] = ()


@dataclass(frozen=True, slots=True)
class AskAbout:
    """Gupshup has to be asked whether apps of these accounts belong to who signed in."""

    accounts: tuple[KnownAccount, ...]


@dataclass(frozen=True, slots=True)
class Unidentified:
    """Nothing is done; *message* says why, and what to declare."""

    message: str


Identity: TypeAlias = Identified | AskAbout | Unidentified
