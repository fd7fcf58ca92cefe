"""The connection limit: which connection is dropped if a new one comes."""

from dataclasses import dataclass

import pytest

from controller.doors.web.connection_limit import connection_to_drop, peer_of


@dataclass(frozen=True, slots=True)
class One:
    peer: str
    idle: float | None = None


def crowd(*many: tuple[str, int, float | None]) -> list[One]:
    return [
        One(peer, None if since is None else since + n) for peer, count, since in many for n in range(count)
    ]


NEW = One("a", 99.0)


@pytest.mark.parametrize(
    ("others", "leaves"),
    [
        pytest.param(crowd(("a", 3, 1.0), ("b", 4, 0.0)), None, id="there is room for all"),
        pytest.param(crowd(("a", 4, 1.0)), One("a", 1.0), id="who has more than its share makes room itself"),
        pytest.param(crowd(("a", 4, None)), None, id="but for a request that goes on, where there is room"),
        pytest.param(crowd(("a", 3, None), ("a", 1, 7.0)), One("a", 7.0), id="the one that is idle"),
        pytest.param(crowd(("a", 2, 1.0), ("b", 6, 5.0)), One("b", 5.0), id="the peer with the most"),
        pytest.param(
            crowd(("a", 2, 1.0), ("b", 6, None)), One("a", 1.0), id="the next one, where all are busy"
        ),
        pytest.param(crowd(("b", 4, 0.0), ("c", 4, 0.0)), One("b", 0.0), id="as good as any"),
        pytest.param(crowd(("a", 4, None), ("b", 4, None)), NEW, id="nobody is idle, so who comes leaves"),
    ],
)
def test_the_connection_to_drop_follows_from_the_load_of_each_peer(
    others: list[One], leaves: One | None
) -> None:
    assert connection_to_drop(NEW, [*others, NEW], most=8, share=4) == leaves


@pytest.mark.parametrize(
    ("host", "peer"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_peer_is_an_address_or_the_network_of_one(host: str, peer: str) -> None:
    assert peer_of(host) == peer
