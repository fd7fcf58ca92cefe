"""Guards of a source: one that lost too much at once stops here, before any app is observed."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from controller.core.planning.digest import Canonical, canonical, digest
from controller.core.planning.guard import allowed
from controller.errors import PlanRefused
from controller.model.history import Declared
from controller.model.manifest import Ceiling, Desired, Partner
from controller.model.problem import ENVIRONMENT
from controller.model.source import SourceFile


class Refusals:
    """Collects why a source is refused, one reason a block, so that a person sees all of them at once."""

    def __init__(self) -> None:
        self._found: list[PlanRefused] = []

    def __enter__(self) -> None:
        return

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        """Keep a refusal and go on after the block. Any other error passes through."""
        if isinstance(error, PlanRefused):
            self._found.append(error)
        return isinstance(error, PlanRefused)

    def refuse(self) -> None:
        """Raise PlanRefused for all that was collected, with every digest that is needed."""
        if self._found:
            raise join_refusals(self._found)


@contextmanager
def noted(refusals: list[PlanRefused]) -> Iterator[None]:
    """Add a refusal that a digest releases to *refusals*, each digest once, and go on after the block."""
    try:
        yield
    except PlanRefused as error:
        if not error.digest:
            raise
        known = {digest for each in refusals for digest in each.digest.split(",")}
        if not known.issuperset(error.digest.split(",")):
            refusals.append(error)


def join_refusals(refusals: Sequence[PlanRefused]) -> PlanRefused:
    """Return one refusal with the texts and digests of *refusals*, at least one."""
    why = "; and ".join(each.why for each in refusals)
    return PlanRefused(why, ",".join(each.digest for each in refusals))


def declared(desired: Desired, partner: str) -> Declared:
    """Count what is declared for *partner*. Subscriptions count after selectors are expanded."""
    return Declared(
        sum(app.partner == partner for app in desired.apps),
        sum(wanted.partner == partner for wanted in desired.subscriptions),
    )


def lasting(desired: Desired, partner: str) -> Declared:
    """Count what a later source must not lose: all that is declared for *partner*, without its retired apps.

    Retired apps, and the subscriptions that are declared for them, may go at any time.
    """
    gone = {app.name for app in desired.apps if app.is_retired}
    apps = tuple(app for app in desired.apps if app.name not in gone)
    wanted = tuple(each for each in desired.subscriptions if each.app not in gone)
    return declared(replace(desired, apps=apps, subscriptions=wanted), partner)


def refuse_emptied(empty: Iterable[SourceFile], filled: Collection[str]) -> None:
    """Raise PlanRefused if one of the *empty* files is at a place that was *filled* in the last good source.

    No digest releases such a file: it may be about to be written, and only its author knows.
    """
    names = sorted(file.path for file in empty if file.place in filled)
    if names:
        more = f" (and {len(names) - 1} more)" if names[1:] else ""
        raise PlanRefused(
            f"{names[0]:.200}{more} is empty and held manifests before; fill it, or delete it if none are "
            "meant",
            "",
        )


def refuse_empty(desired: Desired, source: str, released: Collection[str]) -> None:
    """Raise PlanRefused if a whole source declares nothing at all: probably an accident."""
    key = digest(["empty", source])
    if desired.complete and not desired.apps and not desired.subscriptions and key not in released:
        raise PlanRefused(
            f"{source} declares no app and no subscription (is it the right folder? Only `run` without "
            "`--once` may begin with a Partner manifest alone)",
            key,
        )


def begins(desired: Desired, before: Desired | None) -> bool:
    """Return whether *desired*, which may declare no app yet, is the begin of a new source.

    A Partner manifest shows that it is the right folder; *before* must not have declared anything.
    """
    by_manifest = any(partner.place != ENVIRONMENT for partner in desired.partners)
    return by_manifest and (before is None or not (before.apps or before.subscriptions))


def refuse_shrunk(
    before: Declared,
    desired: Desired,
    partner: Partner,
    *,
    account: str,
    source: str,
    released: Collection[str],
) -> None:
    """Raise PlanRefused if *account* lost more of what was declared before than *partner* allows.

    A release is for exactly what is left, policies included: another declaration has other effects. *source*
    is only shown: under another name, the same loss has the same digest.
    """
    lost = tuple(_lost(before, declared(desired, partner.name), partner.guards.max_shrink))
    if not lost:
        return
    key = digest(["shrunk", account, before.apps, before.subscriptions, *_left(desired, partner)])
    if key not in released:
        why = (
            "nothing shrinks to zero without a release" if _emptied(lost) else "guards.maxShrink allows less"
        )
        raise PlanRefused(f"{source} shrank: {' and '.join(map(str, lost))} for {account}; {why}", key)


def _left(desired: Desired, partner: Partner) -> Iterator[Canonical]:
    """Yield all that is declared for *partner*, without the partner's own name, which may change."""
    rules = (partner.owned_tags, partner.guards, partner.subscribe_when, partner.webhooks)
    yield [canonical(each) for each in rules]
    for things in (desired.apps, desired.subscriptions):
        mine = (digest(canonical(each)) for each in things if each.partner == partner.name)
        yield sorted(mine)


def may_go(ceiling: Ceiling, had: int) -> int:
    """Return how many of *had* may be declared no more at once. The last one never goes without a release."""
    return min(allowed(ceiling, had), max(had - 1, 0))


@dataclass(frozen=True, slots=True)
class _Loss:
    """More of one kind than may go."""

    what: str
    had: int
    has: int

    def __str__(self) -> str:
        return f"{self.had} {self.what} became {self.has}"


def _emptied(lost: Iterable[_Loss]) -> bool:
    return any(not loss.has for loss in lost)


def _lost(before: Declared, now: Declared, ceiling: Ceiling) -> Iterator[_Loss]:
    pairs = (("Apps", before.apps, now.apps), ("Subscriptions", before.subscriptions, now.subscriptions))
    for what, had, has in pairs:
        if had - has > may_go(ceiling, had):
            yield _Loss(what, had, has)
