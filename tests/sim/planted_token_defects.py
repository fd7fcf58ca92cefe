"""Universal Tokens handled carelessly: lost ones, too many, refused ones, and ends by the wrong clock."""

from collections.abc import Callable, Sequence
from typing import Any

from controller.core.credentials import WEEK, Mint
from controller.edges.store.tables.universal_tokens import UniversalTokenTable
from controller.loop.tokens.mints import Mints
from controller.model.account import OwnToken
from controller.model.secret import Secret
from controller.simulator import Fault
from controller.simulator.control.account_changes import change_account
from controller.simulator.tokens import UniversalToken
from tests.sim.defects import Defect, Defects, Way
from tests.sim.effects import Failure
from tests.sim.oracle import violations
from tests.sim.planted_defects_at_ports import fault
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Disruption
from tests.sim.simulated_world import HOUR, Mutation, SimulatedWorld

_DAY = 24 * HOUR
_TABLE = "controller.edges.store.tables.universal_tokens:UniversalTokenTable"
_MINTS = "controller.loop.tokens.mints"
_USABLE = Mints.usable

Between = Callable[[SimulatedWorld], None]


def _nothing(_: SimulatedWorld) -> None:
    pass


def daily(days: int, between: Between = _nothing) -> Way:
    """Apply once a day, with something *between*, and count mints: one a week is enough."""

    def way(name: str, disruption: Disruption, mutation: Mutation) -> Sequence[str]:
        with run_dir() as context:
            failures = {(label, nth): failure for label, nth, failure in disruption.failures}
            sim = SimulatedWorld(
                SCENARIOS[name], context, failures, faults=disruption.faults, mutation=mutation
            )
            ended = []
            for _ in range(days):
                ended.append(sim.apply(SCENARIOS[name].last))
                sim.pass_time(_DAY)
                between(sim)
            struck = sum(len(each.nth) for each in disruption.faults) + len(disruption.failures)
            wrong = [
                f"P1: a day ended with {each.error}" for each in ended[struck:] if each.error is not None
            ]
            minted, allowed = len(_ours(sim)), 3 + 2 * struck + days // 3
            if minted > allowed:
                wrong.append(f"P47: {minted} mails about tokens in {days} days")
            return [*violations(sim), *wrong]

    return way


def _ours(sim: SimulatedWorld) -> list[UniversalToken]:
    return [each for each in sim.world.tokens.universal.values() if each.name.startswith("gupshupctl-")]


def _revoked_in_the_portal(sim: SimulatedWorld) -> None:
    now = sim.world.time.clock()
    active = [each.name for each in _ours(sim) if each.revoked is None and each.expires > now]
    change_account(sim.world, {"revoke": active})


async def _begun_in_memory(_table: object, _login: str, choose: Callable[[Any], object]) -> None:
    choose(())


async def _forgotten(table: UniversalTokenTable, login: str, name: str) -> None:
    await table.forget(login, [name])


def _refused_is_good(mints: Mints, rows: Sequence[OwnToken], _refused: Secret | None = None) -> object:
    return _USABLE(mints, rows)


async def _our_clock(_: object) -> float:
    return 0.0


async def _never(*_: object) -> bool:
    return False


_LOST = fault("lose-reply", "mintPartner")

DEFECTS_OF_TOKENS: Defects = {
    "a mint is not written down before": Defect(
        "P47",
        Mutation(names={f"{_TABLE}.begin": _begun_in_memory}),
        "universal token",
        Disruption(failures=(("mintPartner", 1, Failure.AFTER),)),
        daily(3),
    ),
    "a token whose text was lost is forgotten": Defect(
        "P47",
        Mutation(names={f"{_TABLE}.lose": _forgotten}),
        "universal token",
        Disruption((_LOST,)),
        daily(3),
    ),
    "lost tokens do not count": Defect(
        "P47",
        Mutation(names={f"{_MINTS}:next_mint": lambda *_, **__: Mint(WEEK)}),
        "universal token",
        Disruption((Fault("lose-reply", "mintPartner", nth=(1, 2)),)),
        daily(4),
    ),
    "each process mints": Defect(
        "P47", Mutation(names={f"{_MINTS}:Mints.usable": lambda *_: None}), "universal token", way=daily(12)
    ),
    "a refused token is used again": Defect(
        "P1",
        Mutation(names={f"{_MINTS}:Mints.usable": _refused_is_good}),
        "universal token",
        way=daily(3, _revoked_in_the_portal),
    ),
    "our clock counts": Defect(
        "P1",
        Mutation(
            names={
                "controller.edges.gupshup.auth.token_office:TokenOffice.compare_clocks": _our_clock,
                "controller.edges.gupshup.auth.token_office:TokenOffice.ahead": 0.0,
            }
        ),
        "universal token, another clock",
        way=daily(3),
    ),
    "a token is kept as it is": Defect(
        "P33",
        Mutation(
            names={
                "controller.edges.store.store:seal": lambda text, *_: text.reveal(),
                "controller.edges.store.store:unseal": lambda sealed, *_: Secret(sealed),
            }
        ),
        "universal token",
        way=daily(1),
    ),
    "a refused write goes with the same token again": Defect(
        "P1",
        Mutation(names={"controller.edges.gupshup.session:Session._wants_own": _never}),
        "app's universal token",
    ),
}
