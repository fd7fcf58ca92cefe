"""A receiver of completed sign-ups: each signed POST becomes an App manifest in git. README.md has settings.

A sign-up is on the disk before it is answered with 200. Every few seconds all of them become one commit. Kill
it anywhere, deliver a sign-up ten times: it is one file, because `gupshupctl new app` writes no app twice.
"""

import asyncio
import fcntl
import functools
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
from pathlib import Path

import httpx
import uvicorn
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

ID = {"type": "string", "pattern": r"^[0-9]{1,39}\Z"}
FIELDS = {
    "name": {"type": "string", "pattern": r"\S"},
    "wabaId": ID,
    "phoneNumberId": ID,
    "at": {"type": "number"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "partner": {"type": "string"},
}
NEEDED = ["name", "wabaId", "phoneNumberId", "at"]
SIGN_UP = {"type": "object", "required": NEEDED, "properties": FIELDS, "additionalProperties": False}
BYTES, SECONDS, CONNECTIONS = 16_384, 10, 200  # the most of a request, and of all at once
BATCH, DAY, NOT_VALID = 50, 86_400, 3  # the last is an exit code of gupshupctl


def setting(name: str, default: str | None = None) -> str:
    value = os.environ.get(name) or default
    return sys.exit(f"set {name}; README.md has all settings") if value is None else value


def secret(name: str, least: int) -> str:
    """Return the one line of the file that *name* names. Nothing shows it."""
    file = Path(setting(name))
    text = file.read_text(errors="replace").strip() if file.is_file() else ""
    if len(text) < least or not (text.isascii() and text.isprintable()):
        sys.exit(f"{name}: {file} must be a file with one line of at least {least} ASCII characters")
    return text


SECRET, GRAPH_TOKEN = secret("ONBOARDING_SECRET_FILE", 32), secret("GRAPH_TOKEN_FILE", 1)
GRAPH = setting("GRAPH_URL", "https://graph.facebook.com/v23.0")
SPOOL = Path(setting("ONBOARDING_SPOOL")).absolute()
REFUSED, UNFINISHED = SPOOL / "refused", SPOOL / "unfinished"
REPOSITORY, BRANCH = setting("ONBOARDING_REPOSITORY"), setting("ONBOARDING_BRANCH", "main")
SOURCE = setting("ONBOARDING_SOURCE", "manifests")
FOLDER = f"{SOURCE}/{setting('ONBOARDING_FOLDER', 'customers')}"
REVIEWED = setting("ONBOARDING_REVIEWED", "false") == "true"
EVERY, PATIENCE = float(setting("ONBOARDING_EVERY", "5")), float(setting("ONBOARDING_PATIENCE", "72"))
HOOK = setting("ONBOARDING_HOOK", "")
HOST, _, PORT = setting("ONBOARDING_LISTEN", "127.0.0.1:8090").rpartition(":")

log = logging.getLogger("onboarding")
rests: dict[Path, float] = {}


def open_spool() -> int:
    """Make the spool ours until this process ends, and remove what a killed one left unfinished."""
    try:
        REFUSED.mkdir(parents=True, exist_ok=True)
        ours = os.open(SPOOL, os.O_RDONLY)
        fcntl.flock(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        sys.exit(f"ONBOARDING_SPOOL: {SPOOL} is no folder, or another receiver works with it: {error}")
    shutil.rmtree(UNFINISHED, ignore_errors=True)
    UNFINISHED.mkdir(exist_ok=True)
    return ours


class BriefConnection(H11Protocol):
    """A connection for one request. It ends after some seconds, or, if there are too many, as the oldest."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.deadline = self.loop.call_later(SECONDS, transport.abort)
        if len(self.connections) > CONNECTIONS:
            oldest = min(self.connections, key=lambda connection: connection.deadline.when())
            self.connections.discard(oldest)
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.deadline.cancel()
        super().connection_lost(exc)


async def receive(request: Request) -> PlainTextResponse:
    """Keep a sign-up, if the portal signed it."""
    try:
        body = await request.body()
        signature = "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        if not hmac.compare_digest(signature.encode(), request.headers.get("X-Signature-256", "").encode()):
            return PlainTextResponse("the signature is missing or wrong\n", 401)
        given = decoded(body)
        if not given["at"] - DAY < time.time() < given["at"] + DAY:
            return PlainTextResponse("at: must be in epoch seconds, and of the last day\n", 400)
        name = f"{given['wabaId']}-{given['phoneNumberId']}.{signature[7:23]}.json"
        await asyncio.to_thread(keep, SPOOL / name, body)
    except ClientDisconnect:
        return PlainTextResponse("it did not come whole\n", 408)
    except (ValueError, RecursionError) as mistake:
        return PlainTextResponse(f"{mistake}; README.md shows a sign-up\n", 400)
    except OSError as error:
        log.warning("a sign-up could not be kept: %s", error)
        return PlainTextResponse("it could not be kept; send it again\n", 503)
    return PlainTextResponse("kept\n")


def decoded(body: bytes) -> dict:
    """Return the fields of a sign-up. Raises ValueError with what is wrong with them."""
    given = json.loads(body)
    if mistake := next(Draft202012Validator(SIGN_UP).iter_errors(given), None):
        raise ValueError(f"{mistake.json_path}: {mistake.message}"[:300])
    return given


def keep(place: Path, body: bytes) -> None:
    """Write a sign-up so that no power loss loses it."""
    with tempfile.NamedTemporaryFile(dir=UNFINISHED, delete=False) as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(place)
    os.fsync(OUR_SPOOL)


async def healthz(_: Request) -> PlainTextResponse:
    waiting, refused = (len(list(folder.glob("*.json"))) for folder in (SPOOL, REFUSED))
    return PlainTextResponse(f"ok; sign-ups that wait: {waiting}, in refused: {refused}\n")


@functools.lru_cache(10_000)
def phone_of(number_id: str) -> str:
    """Ask Meta for the phone of a phone number id. Raises LookupError with Meta's answer, and HTTPError."""
    headers = {"Authorization": f"Bearer {GRAPH_TOKEN}"}
    answer = httpx.get(f"{GRAPH}/{number_id}?fields=display_phone_number", headers=headers, timeout=10)
    try:
        phone = answer.json()["display_phone_number"].strip()
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        phone = ""
    if not phone:
        raise LookupError(f"Meta gives no phone: {answer.status_code} {answer.text[:300]}")
    return phone


def record_of(file: Path) -> dict:
    """Return a sign-up as `gupshupctl new app` takes it."""
    given = decoded(file.read_bytes())
    phone = phone_of(given["phoneNumberId"])
    return {"phone": phone, **{key: given[key] for key in given.keys() - {"at", "phoneNumberId"}}}


def declare(files: list[Path], clone: str) -> list[Path]:
    """Write manifests; return the sign-ups whose app is declared now. The others rest, or are set aside."""
    new_app = ("gupshupctl", "new", "app", SOURCE, "--from", "-", "--out", FOLDER)
    try:
        run(*new_app, folder=clone, given=json.dumps([record_of(file) for file in files]))
    except (ValueError, LookupError, httpx.HTTPError, subprocess.CalledProcessError) as error:
        if len(files) > 1:
            return [declared for file in files for declared in declare([file], clone)]
        put_off(files[0], error)
        return []
    return files


def put_off(file: Path, why: Exception) -> None:
    """Let a sign-up rest for a while. If it is wrong, or too much time has gone by, set it aside."""
    wrong = isinstance(why, ValueError) or getattr(why, "returncode", 0) == NOT_VALID
    if wrong or time.time() - file.stat().st_mtime > PATIENCE * 3600:
        log.error("%s: refused: %s", file.stem, shown(why))
        (REFUSED / file.name).with_suffix(".txt").write_text(f"{shown(why)}\n")
        file.replace(REFUSED / file.name)
    else:
        log.warning("%s: tried again later: %s", file.stem, shown(why))
        rests[file] = time.monotonic() + 12 * EVERY


def shown(error: Exception) -> str:
    """Return *error* for people, without the token and the passwords in URLs."""
    said = f"{error}" or repr(error)
    if isinstance(error, subprocess.CalledProcessError):
        said = f"`{' '.join(error.cmd)}` ended with {error.returncode}: {error.stdout}{error.stderr}"
    return re.sub(r"//[^/@\s]+@", "//***@", said.replace(GRAPH_TOKEN, "***"))[:2000].strip()


def run(*words: str, folder: str, given: str = "") -> str:
    done = subprocess.run(
        words, cwd=folder, input=given, check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout


def publish() -> None:
    """Publish what is due: as one commit, or each customer as a branch for a pull request."""
    due = sorted(file for file in SPOOL.glob("*.json") if rests.get(file, 0) <= time.monotonic())[:BATCH]
    for batch in [[file] for file in due] if REVIEWED else filter(None, [due]):
        with tempfile.TemporaryDirectory(dir=UNFINISHED, ignore_cleanup_errors=True) as clone:
            published = push(batch, clone)
        for file in published:
            for old in REFUSED.glob(f"{file.name.partition('.')[0]}.*"):
                old.unlink()
            file.unlink(missing_ok=True)
    if due and HOOK:
        httpx.post(HOOK, timeout=5).raise_for_status()


def push(batch: list[Path], clone: str) -> list[Path]:
    """Return those of *batch* that are in the repository. A push that comes too late is done anew."""
    branch = f"onboarding/{batch[0].name.partition('.')[0]}" if REVIEWED else BRANCH
    run("git", "clone", "-q", "--depth", "1", "--branch", BRANCH, "--", REPOSITORY, clone, folder=".")
    git = functools.partial(run, "git", folder=clone)
    if REVIEWED and git("ls-remote", "origin", f"refs/heads/{branch}"):
        return batch  # people may have worked on it
    new_files = Path(clone, FOLDER)
    if not new_files.resolve().is_relative_to(Path(clone).resolve()):
        raise OSError(f"{FOLDER} is a link that leads out of the repository")
    new_files.mkdir(parents=True, exist_ok=True)
    run("gupshupctl", "validate", SOURCE, folder=clone)
    declared = declare(batch, clone)
    git("add", "--force", "--", FOLDER)
    if new := git("status", "--porcelain").splitlines():
        git("commit", "-q", "-m", f"Customers onboarded: {len(new)}")
        git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        log.info("pushed to %s: %s", branch, ", ".join(file.stem for file in declared))
    return declared


def publish_again_and_again() -> None:
    pause = EVERY
    while True:
        time.sleep(pause)
        try:
            publish()
            pause = EVERY
        except (OSError, subprocess.SubprocessError, httpx.HTTPError) as error:
            pause = min(2 * pause, 60 * EVERY)
            log.warning("the next try is in %g s: %s", pause, shown(error))
        except Exception:  # whatever it is: a sign-up that is kept is tried until it is in git
            log.exception("tried again")


if __name__ == "__main__":
    OUR_SPOOL = open_spool()
    os.environ["GIT_TERMINAL_PROMPT"] = "0"  # nobody is there to answer a question
    logging.basicConfig(level="INFO")
    logging.getLogger("httpx").setLevel("WARNING")
    threading.Thread(target=publish_again_and_again, daemon=True).start()
    routes = [Route("/sign-ups", receive, methods=["POST"]), Route("/healthz", healthz)]
    app = Starlette(routes=routes, max_body_size=BYTES)
    close = [("Connection", "close")]
    uvicorn.run(app, host=HOST, port=int(PORT), http=BriefConnection, headers=close, backlog=100)
