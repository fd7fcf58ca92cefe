"""A receiver of completed sign-ups: each signed POST becomes an App manifest in git. README.md has settings.

A sign-up is on the disk before it is answered with 200. Every few seconds all of them become one commit. Kill
it anywhere, deliver a sign-up ten times: it is one file, because `gupshupctl new app` writes no app twice.
"""

import asyncio
import fcntl
import functools
import hashlib
import hmac
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


def needed(name: str) -> str:
    return os.environ.get(name) or sys.exit(f"set {name}; README.md has all settings")


def secret(name: str, least: int) -> str:
    """Return the one line of the file that *name* names. Nothing shows it."""
    try:
        text = Path(needed(name)).read_text(errors="replace").strip()
    except OSError as error:
        sys.exit(f"{name}: {error}")
    if len(text) < least or not (text.isascii() and text.isprintable()):
        sys.exit(f"{name}: the file must hold one line of at least {least} ASCII characters")
    return text


SECRET = secret("ONBOARDING_SECRET_FILE", 32)
SPOOL = Path(needed("ONBOARDING_SPOOL")).absolute()
REPOSITORY = needed("ONBOARDING_REPOSITORY")
BRANCH = os.environ.get("ONBOARDING_BRANCH", "main")
SOURCE = os.environ.get("ONBOARDING_SOURCE", "manifests")
FOLDER = f"{SOURCE}/{os.environ.get('ONBOARDING_FOLDER', 'customers')}"
REVIEWED = os.environ.get("ONBOARDING_REVIEWED") == "true"
EVERY = float(os.environ.get("ONBOARDING_EVERY", "5"))
PATIENCE = float(os.environ.get("ONBOARDING_PATIENCE", "72")) * 3600
HOOK = os.environ.get("ONBOARDING_HOOK", "")
GRAPH = os.environ.get("GRAPH_URL", "https://graph.facebook.com/v23.0")
GRAPH_TOKEN = secret("GRAPH_TOKEN_FILE", 1)
LARGEST, OLDEST, MOST = 16_384, 86_400, 50
REFUSED = 3  # the exit code of gupshupctl for what is not valid
ID = {"type": "string", "pattern": r"^[0-9]{1,39}\Z"}
SIGN_UP = Draft202012Validator(
    {
        "type": "object",
        "required": ["name", "wabaId", "phoneNumberId", "at"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "pattern": r"\S"},
            "wabaId": ID,
            "phoneNumberId": ID,
            "at": {"type": "number"},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "partner": {"type": "string"},
        },
    }
)
KEEPING = threading.Lock()
log = logging.getLogger("onboarding")
rests: dict[str, float] = {}


def shown(text: object) -> str:
    """Return *text* for people, without the token and the passwords in URLs."""
    return re.sub(r"//[^/@\s]+@", "//***@", str(text).replace(GRAPH_TOKEN, "***"))[:2000].strip()


def word(text: str, status: int = 200) -> PlainTextResponse:
    return PlainTextResponse(f"{text}\n", status, {"Connection": "close"} if status in {408, 413} else None)


async def receive(request: Request) -> PlainTextResponse:
    """Keep a sign-up on the disk, if the portal signed it."""
    body = b""
    try:
        async with asyncio.timeout(10):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    return word("larger than 16 KiB", 413)
    except (TimeoutError, ClientDisconnect):
        return word("the body did not come whole in 10 seconds; send it again", 408)
    wanted = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), request.headers.get("X-Signature-256", "").encode()):
        return word("the signature is missing or wrong", 401)
    given, mistake = decoded(body)
    if not mistake and not given["at"] - OLDEST < time.time() < given["at"] + OLDEST:
        mistake = "at: must be in epoch seconds, and of the last day"
    if mistake:
        return word(f"{mistake}; README.md shows a sign-up", 400)
    try:
        await asyncio.to_thread(keep, f"{given['wabaId']}-{given['phoneNumberId']}", body)
    except OSError as error:
        log.warning("a sign-up could not be kept: %s", error)
        return word("it could not be kept; send it again", 503)
    return word("kept")


def decoded(body: bytes) -> tuple[dict[str, Any], str]:
    """Return the fields of a sign-up, and what is wrong with them."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return {}, "the body is not JSON"
    error = next(SIGN_UP.iter_errors(given), None)
    return given, f"{error.json_path}: {error.message}"[:300] if error else ""


def keep(name: str, body: bytes) -> None:
    """Write a sign-up so that no power loss loses it. The same one has the same file."""
    with KEEPING:
        unfinished = SPOOL / f".{name}"
        with unfinished.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(SPOOL / f"{name}.json")
        folder = os.open(SPOOL, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


async def healthz(_: Request) -> PlainTextResponse:
    waiting, refused = (sum(1 for _ in folder.glob("*.json")) for folder in (SPOOL, SPOOL / "refused"))
    return word(f"ok; sign-ups that wait: {waiting}, in refused: {refused}")


@dataclass(frozen=True)
class SignUp:
    """A sign-up in the spool. *record* is for `gupshupctl new app`."""

    file: Path
    body: bytes
    at: float
    record: dict[str, object]

    def done(self, refused: str = "") -> None:
        """Leave the spool, for `refused` if there is a reason. If it came anew meanwhile, it stays."""
        aside = SPOOL / "refused" / self.file.name
        with KEEPING:
            if not self.file.exists() or self.file.read_bytes() != self.body:
                return
            if refused:
                log.error("%s: refused: %s", self.file.name, shown(refused))
                aside.with_suffix(".txt").write_text(f"{shown(refused)}\n")
                self.file.replace(aside)
            else:
                for file in (aside, aside.with_suffix(".txt"), self.file):
                    file.unlink(missing_ok=True)

    def wait(self, why: str) -> None:
        """Rest for a while, unless that has gone on for too long."""
        if time.time() - self.at > PATIENCE:
            self.done(f"given up after {PATIENCE / 3600:g} hours: {why}")
        else:
            rests[self.file.name] = time.monotonic() + 12 * EVERY
            log.warning("%s: tried again later: %s", self.file.name, shown(why))


class NotNowError(Exception):
    """Nothing can be published now: all sign-ups wait."""


@functools.lru_cache(10_000)
def phone_of(number_id: str) -> str:
    """Ask Meta for the phone of a phone number id. Raises LookupError with Meta's answer."""
    url, headers = f"{GRAPH}/{number_id}", {"Authorization": f"Bearer {GRAPH_TOKEN}"}
    try:
        answer = httpx.get(url, params={"fields": "display_phone_number"}, headers=headers, timeout=10)
        given = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise LookupError(f"Meta gives no phone: {type(error).__name__} {error}") from error
    phone = given.get("display_phone_number") if isinstance(given, dict) else None
    if not isinstance(phone, str) or not phone:
        raise LookupError(f"Meta gives no phone: {answer.status_code} {shown(answer.text)[:300]}")
    return phone


def due() -> Iterator[SignUp]:
    """Yield the sign-ups whose phone Meta gives, a limited number at a time."""
    files = [file for file in sorted(SPOOL.glob("*.json")) if rests.get(file.name, 0) <= time.monotonic()]
    for file in files[:MOST]:
        body = file.read_bytes()
        given, mistake = decoded(body)
        if mistake:
            SignUp(file, body, 0, {}).done(mistake)
            continue
        record: dict[str, object] = {
            key: given[key] for key in ("name", "wabaId", "labels", "partner") if key in given
        }
        sign_up = SignUp(file, body, given["at"], record)
        try:
            record["phone"] = phone_of(given["phoneNumberId"])
            yield sign_up
        except LookupError as error:
            sign_up.wait(str(error))


def run(*words: str, folder: str = ".", given: str = "") -> "subprocess.CompletedProcess[str]":
    environ = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        words, cwd=folder, input=given, env=environ, check=False, capture_output=True, text=True, timeout=120
    )


def git(*words: str, folder: str = ".") -> str:
    done = run("git", *words, folder=folder)
    if done.returncode:
        raise NotNowError(f"git {' '.join(words)}: {done.stderr}")
    return done.stdout


def publish() -> None:
    """Publish what is due: as one commit, or each sign-up as a branch for a pull request."""
    sign_ups = list(due())
    for batch in [[one] for one in sign_ups] if REVIEWED else [sign_ups]:
        if batch:
            with tempfile.TemporaryDirectory(
                prefix="clone-", dir=SPOOL, ignore_cleanup_errors=True
            ) as folder:
                published = publish_batch(batch, folder)
            for one in published:
                one.done()


def publish_batch(batch: list[SignUp], folder: str) -> list[SignUp]:
    """Return those of *batch* that are in the repository. A push that comes too late starts anew."""
    git("clone", "-q", "--depth", "1", "--branch", BRANCH, "--", REPOSITORY, folder)
    target = f"onboarding/{batch[0].file.stem}" if REVIEWED else BRANCH
    if REVIEWED and git("ls-remote", "origin", f"refs/heads/{target}", folder=folder):
        return batch  # people may have worked on it
    new = (Path(folder) / FOLDER).resolve()
    if not new.is_relative_to(Path(folder).resolve()):
        raise NotNowError(f"{FOLDER} is a link that leads out of the repository")
    new.mkdir(parents=True, exist_ok=True)
    checked = run("gupshupctl", "validate", SOURCE, folder=folder)
    if checked.returncode:
        raise NotNowError(f"the manifests of {BRANCH} are not valid: {checked.stdout}{checked.stderr}")
    declared = declare(batch, folder)
    git("add", "--force", "--", FOLDER, folder=folder)
    if git("status", "--porcelain", folder=folder):
        many = "s" if len(declared) > 1 else ""
        git("commit", "-q", "-m", f"Onboard {len(declared)} customer{many}", folder=folder)
        git("push", "-q", "origin", f"HEAD:refs/heads/{target}", folder=folder)
        log.info("pushed to %s: %s", target, ", ".join(one.file.stem for one in declared))
        tell_controller()
    return declared


def declare(batch: list[SignUp], folder: str) -> list[SignUp]:
    """Write manifests, and return whose app is declared now. The others are set aside, or wait."""
    table = json.dumps([one.record for one in batch])
    words = ("gupshupctl", "new", "app", SOURCE, "--from", "-", "--out", FOLDER)
    made = run(*words, folder=folder, given=table)
    if made.returncode == 0:
        return batch
    if len(batch) > 1:
        half = len(batch) // 2
        return declare(batch[:half], folder) + declare(batch[half:], folder)
    if made.returncode == REFUSED:
        batch[0].done(made.stderr)
    else:
        batch[0].wait(f"`gupshupctl new app` ended with {made.returncode}: {made.stderr}")
    return []


def tell_controller() -> None:
    """Let `gupshupctl run` fetch at once. If it is not there, its next poll finds the commit."""
    try:
        if HOOK and not REVIEWED:
            httpx.post(HOOK, timeout=5).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("%s; the next poll finds the commit", shown(error))


async def publish_again_and_again() -> None:
    pause = EVERY
    while True:
        await asyncio.sleep(pause)
        try:
            await asyncio.to_thread(publish)
            pause = EVERY
        except (NotNowError, OSError, subprocess.TimeoutExpired) as error:
            pause = min(2 * pause, 60 * EVERY)
            log.warning("all sign-ups wait for %g s: %s", pause, shown(error))
        except Exception:  # whatever it was: a sign-up that is spooled is tried until it is in git
            log.exception("tried again")


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    task = asyncio.create_task(publish_again_and_again())
    yield
    task.cancel()


def open_spool() -> int:
    """Make the spool ours, until this process ends, and remove what a killed one left."""
    try:
        (SPOOL / "refused").mkdir(parents=True, exist_ok=True)
        ours = os.open(SPOOL, os.O_RDONLY)
        fcntl.flock(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"{SPOOL}: another receiver works with this spool; each one needs its own")
    except OSError as error:
        sys.exit(f"ONBOARDING_SPOOL: {error}")
    for left in SPOOL.glob("clone-*"):
        shutil.rmtree(left, ignore_errors=True)
    return ours


if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    logging.getLogger("httpx").setLevel("WARNING")
    held = open_spool()
    routes = [Route("/sign-ups", receive, methods=["POST"]), Route("/healthz", healthz)]
    host, _, port = os.environ.get("ONBOARDING_LISTEN", "127.0.0.1:8090").rpartition(":")
    app = Starlette(routes=routes, lifespan=lifespan)
    uvicorn.run(app, host=host, port=int(port), limit_concurrency=1000, timeout_graceful_shutdown=5)
