"""A simulator with several partner accounts, as a program: HOW-MANY TIME-SCALE. It ends by SIGTERM."""

import asyncio
import sys

from controller.simulator import (
    PartnerAccount,
    SimulatorSettings,
    World,
    address,
    listen,
    server,
    steady_clock,
)


def accounts(count: int) -> tuple[PartnerAccount, ...]:
    """Return the accounts: their ids are 1, 2 and so on, their mails p1@example.com, with one secret."""
    return tuple(
        PartnerAccount(str(each), f"Partner {each}", f"p{each}@example.com", "pretend-secret")
        for each in range(1, count + 1)
    )


def main() -> None:
    count, scale = int(sys.argv[1]), float(sys.argv[2])
    world = World(steady_clock(), SimulatorSettings(time_scale=scale, partners=accounts(count)))
    with listen("127.0.0.1", 0) as listening:
        for name, value in (
            ("GUPSHUP_URL", address(listening)),
            ("GUPSHUP_EMAIL", "p1@example.com"),
            ("GUPSHUP_SECRET", "pretend-secret"),
        ):
            print(f"export {name}={value}", flush=True)  # noqa: T201  (as `simulate` does)
        asyncio.run(server(world).serve(sockets=[listening]))


if __name__ == "__main__":
    main()
