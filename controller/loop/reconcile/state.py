"""State of a pass: its request, its observation, and its outcome so far."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from controller.core.planning.changes.approval import Approval
from controller.core.planning.guard import Change, Released
from controller.core.planning.matched_app import Matches
from controller.errors import Denied
from controller.loop.ports import Account, Writer
from controller.loop.reconcile.attempt import Attempt
from controller.model.manifest import Desired
from controller.model.passes import PassKind
from controller.model.plan import Observed, Plan, Request, Result, Verb, Waiting
from controller.model.upstream import Facts


async def _accept_all(_: Account[Writer]) -> None:
    return


@dataclass(frozen=True, slots=True)
class PassRequest:
    """The request of a pass: *desired* in the scope it was narrowed to, *declared* before that.

    *released* are digests of held changes that a person let through; *kind* is how much the pass reads.
    *accept* is called before the first write, and raises if nothing may be written. With an *approval*, only
    what it covers is done.
    """

    desired: Desired
    declared: Desired
    request: Request = field(default_factory=Request)
    released: Collection[str] = frozenset()
    kind: PassKind = PassKind.FULL
    accept: Callable[[Account[Writer]], Awaitable[None]] = _accept_all
    approval: Approval | None = None


@dataclass(slots=True)
class PassState:
    """State of the pass that is under way or just ended, and what it hands on to the next.

    Handed on: *facts* that still count, changes once *released*, and *rate_limited*, the moment (epoch
    seconds) until when the budget of an app ("" for links) is used up. Of this pass: *matches*, *due* (all
    that is due), *plan* (what of it is to be done), the *attempts* by change, and *denied* if the credentials
    were refused: nothing further was sent then. The state is filled while the pass goes on, so that a pass
    cut short still shows how far it got.
    """

    facts: Facts = field(default_factory=Facts)
    released: Released = frozenset()
    rate_limited: dict[str, float] = field(default_factory=dict)
    matches: Matches | None = None
    due: Plan | None = None
    plan: Plan | None = None
    attempts: dict[Change, Attempt] = field(default_factory=dict)
    denied: Denied | None = None

    @property
    def observed(self) -> Observed | None:
        return None if self.matches is None else self.matches.context.observed

    @property
    def outcomes(self) -> dict[Change, Result | Waiting]:
        """Return the outcome of each change that was tried or postponed."""
        return {change: attempt.result for change, attempt in self.attempts.items()}

    @property
    def links(self) -> list[Result]:
        """Return the results of this pass's links, in their order."""
        results = self.outcomes.values()
        return [result for result in results if isinstance(result, Result) and result.verb is Verb.LINK]

    def begin(self, matches: Matches, due: Plan, plan: Plan) -> None:
        """Begin a pass that found *matches*, of which *due* follows, and is to do *plan*."""
        self.matches, self.due, self.plan = matches, due, plan
        self.facts = matches.context.observed.facts
        self.attempts, self.denied = {}, None
