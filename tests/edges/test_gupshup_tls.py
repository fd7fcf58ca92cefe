"""Certificates are checked, against the CA file where one is given; a refused one sends nothing."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from controller.edges.gupshup import Network
from controller.errors import Busy
from controller.model.manifest import FromEnv, Token
from tests.edges.fake_wire import World

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificates")


def certificate(folder: Path, name: str) -> Path:
    """Make a self-signed certificate for *name* with its key in one file."""
    key, cert, both = (folder / f"{name}.{end}" for end in ("key", "crt", "pem"))
    assert OPENSSL is not None
    command = [OPENSSL, "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += [
        "-keyout",
        str(key),
        "-out",
        str(cert),
        "-subj",
        "/CN=test",
        "-addext",
        f"subjectAltName={name}",
    ]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + cert.read_text())
    return both


@asynccontextmanager
async def serving(pem: Path, seen: list[bytes]) -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{"apps":[]}')
        await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def world(port: int, ca_file: Path | None) -> World:
    network = Network(deadline=8, ca_file=None if ca_file is None else str(ca_file))
    return World(credentials=Token(FromEnv("GIVEN")), url=f"https://127.0.0.1:{port}", network=network)


async def test_a_certificate_of_the_ca_file_is_trusted(tmp_path: Path) -> None:
    pem, seen = certificate(tmp_path, "IP:127.0.0.1"), list[bytes]()
    async with serving(pem, seen) as port, world(port, pem).reader() as client:
        assert await client.rows() == ()
    assert b"canary-given-token" in seen[0]


@pytest.mark.parametrize(
    ("name", "trusted"),
    [
        pytest.param("IP:127.0.0.1", False, id="self-signed and unknown"),
        pytest.param("IP:127.0.0.2", True, id="for another host"),
    ],
)
async def test_a_server_with_a_bad_certificate_is_sent_nothing(
    tmp_path: Path,
    name: str,
    trusted: bool,  # noqa: FBT001  (a column of the table)
) -> None:
    pem, seen = certificate(tmp_path, name), list[bytes]()
    async with serving(pem, seen) as port, world(port, pem if trusted else None).reader() as client:
        with pytest.raises(Busy, match="not sent"):
            await client.rows()
    assert not seen
