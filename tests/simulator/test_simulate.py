"""The command, over real connections: what it prints, how it fails, how it ends."""

import asyncio
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

RUN = [sys.executable, "-m", "controller", "simulate"]
FREE = ("--listen", "127.0.0.1:0")
LINK = {"name": "AcmeSupport", "wabaId": "1", "phone": "919876543210"}


@dataclass(frozen=True, slots=True)
class Running:
    process: Process
    exported: dict[str, str]
    http: httpx.AsyncClient

    async def token(self) -> dict[str, str]:
        form = {"email": self.exported["GUPSHUP_EMAIL"], "password": self.exported["GUPSHUP_SECRET"]}
        answer = await self.http.post("/partner/account/login", data=form)
        return {"Authorization": answer.json()["token"]}

    async def control(self, what: str, body: object) -> None:
        assert (await self.http.post(f"/_simulator/{what}", json=body)).status_code == 200

    async def stop(self, number: int) -> int:
        self.process.send_signal(number)
        async with asyncio.timeout(10):
            return await self.process.wait()


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *RUN, *arguments, stdout=-1, stderr=-1, env={**os.environ, **environment}
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            lines = [(await process.stdout.readline()).decode() for _ in range(3)]
        exported = dict(shlex.split(line)[1].split("=", 1) for line in lines)
        async with httpx.AsyncClient(base_url=exported["GUPSHUP_URL"], timeout=10) as http:
            yield Running(process, exported, http)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_the_command_prints_its_settings_serves_and_ends_clean(number: int, code: int) -> None:
    async with running(*FREE, "--email", "a b@example.com", "--log-calls") as simulator:
        answer = await simulator.http.get("/partner/app/list", headers=await simulator.token())

        assert answer.json() == {"status": "success", "apps": []}
        assert simulator.exported["GUPSHUP_EMAIL"] == "a b@example.com"
        assert await simulator.stop(number) == code
        assert simulator.process.stderr is not None
        told = (await simulator.process.stderr.read()).decode()
        assert "GET '/partner/app/list' list 200" in told
        assert "Traceback" not in told


async def test_every_option_can_come_from_the_environment() -> None:
    given = {
        "GUPSHUPCTL_LISTEN": "127.0.0.1:0",
        "GUPSHUPCTL_SECRET": "made-up",
        "GUPSHUPCTL_SWITCH": "terms=pending",
    }
    async with running(**given) as simulator:
        answer = await simulator.http.post("/partner/tpp/app", data=LINK, headers=await simulator.token())

    assert simulator.exported["GUPSHUP_SECRET"] == "made-up"
    assert answer.status_code == 400


async def test_the_date_of_an_answer_is_the_simulators_alone() -> None:
    """The simulator lives twenty-five years ago."""
    async with running(*FREE, "--switch", "clock-shift=-800000000") as simulator:
        answer = await simulator.http.post("/partner/account/login")

    (date,) = answer.headers.get_list("date")
    assert parsedate_to_datetime(date).year < 2015


async def test_a_live_event_reaches_this_machine() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def receiver(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        heard.put_nowait(await reader.read(10_000))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    async with (
        running(*FREE, "--time-scale", "100000") as simulator,
        await asyncio.start_server(receiver, "127.0.0.1", 0) as hooks,
        asyncio.timeout(20),
    ):
        form = {**LINK, "callbackUrl": f"http://127.0.0.1:{hooks.sockets[0].getsockname()[1]}/"}
        await simulator.http.post("/partner/tpp/app", data=form, headers=await simulator.token())
        kinds = {json.loads(await heard.get())["type"] for _ in range(2)}

    assert kinds == {"user-event", "onboarding-event"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param({"kind": "lose-request"}, httpx.RemoteProtocolError, id="lost"),
        pytest.param({"kind": "truncated"}, httpx.RemoteProtocolError, id="cut short"),
        pytest.param({"kind": "reset"}, httpx.ReadError, id="reset"),
        pytest.param({"kind": "endless", "megabytes": 1}, httpx.RemoteProtocolError, id="endless"),
        pytest.param({"kind": "drip", "effect": "yes"}, httpx.ReadTimeout, id="dripping"),
        pytest.param({"kind": "slow", "seconds": 60}, httpx.ReadTimeout, id="slow"),
    ],
)
async def test_a_connection_that_ends_badly_does_so_for_real(
    fault: dict[str, object], error: type[Exception]
) -> None:
    async with running(*FREE) as simulator:
        token = await simulator.token()
        await simulator.control("faults", [{**fault, "route": "list"}])
        with pytest.raises(error):
            await simulator.http.get("/partner/app/list", headers=token, timeout=0.5)
        await simulator.control("faults", [])

        assert (await simulator.http.get("/partner/app/list", headers=token)).status_code == 200
        assert await simulator.stop(signal.SIGTERM) == 0
        assert simulator.process.stderr is not None
        assert await simulator.process.stderr.read() == b""


async def test_the_command_ends_in_the_middle_of_an_answer() -> None:
    async with running(*FREE) as simulator:
        token = await simulator.token()
        await simulator.control("faults", [{"kind": "drip", "interval": 1}])
        async with simulator.http.stream("GET", "/partner/app/list", headers=token) as answer:
            assert answer.status_code == 200
            assert await simulator.stop(signal.SIGTERM) == 0


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        run = ended("--listen", place)

    assert run.returncode == 1
    assert f"cannot listen on {place}" in run.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(("--listen", "8085"), "is not HOST:PORT", id="no host"),
        pytest.param(("--listen", "127.0.0.1:x"), "is not HOST:PORT", id="no port"),
        pytest.param(("--listen", "127.0.0.1:70000"), "is not HOST:PORT", id="a port too high"),
        pytest.param(
            ("--switch", "nonsense=1"),
            "there are: account-event-app-id, admin",
            id="a switch that does not exist",
        ),
        pytest.param(("--time-scale", "0"), "--time-scale", id="time that stands still"),
        pytest.param(("--faults", "missing.yaml"), "missing.yaml", id="a file that is not there"),
    ],
)
def test_the_command_refuses_options_that_it_cannot_use(arguments: tuple[str, ...], problem: str) -> None:
    run = ended(*arguments)

    assert run.returncode == 64
    assert problem in run.stderr


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"- kind: nonsense\n", "1:9: kind 'nonsense' does not exist"), (b"\xff", "cannot read the faults in")],
)
def test_the_command_refuses_a_bad_fault_file_with_its_position(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "faults.yaml"
    path.write_bytes(content)
    run = ended(*FREE, "--faults", str(path))

    assert run.returncode == 1
    assert problem in run.stderr


async def test_the_command_reads_faults_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("- {kind: '502', route: login}\n", encoding="utf-8")
    async with running(*FREE, "--faults", str(path)) as simulator:
        assert (await simulator.http.post("/partner/account/login")).status_code == 502


async def test_the_command_listens_on_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with running("--listen", "[::1]:0") as simulator:
        assert simulator.exported["GUPSHUP_URL"].startswith("http://[::1]:")
        assert (await simulator.http.get("/_simulator/state")).status_code == 200
