"""A receiver of completed sign-ups: each signed POST becomes an App manifest in git. README.md has settings.

A sign-up is on the disk before it is answered with 200. Every few seconds all of them become one commit. Kill
it anywhere, deliver a sign-up ten times: it is one file, because `gupshupctl new app` writes no app twice.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

SECRET = Path(os.environ["ONBOARDING_SECRET_FILE"]).read_bytes().strip()
SPOOL = Path(os.environ["ONBOARDING_SPOOL"])
CLONE = Path(os.environ["ONBOARDING_CLONE"])
BRANCH = os.environ.get("ONBOARDING_BRANCH", "main")
FOLDER = os.environ.get("ONBOARDING_FOLDER", "manifests/customers")
REVIEWED = os.environ.get("ONBOARDING_REVIEWED") == "true"
EVERY = float(os.environ.get("ONBOARDING_EVERY", "5"))
HOOK = os.environ.get("ONBOARDING_HOOK", "")
GRAPH = os.environ.get("GRAPH_URL", "https://graph.facebook.com/v23.0")
GRAPH_TOKEN = Path(os.environ["GRAPH_TOKEN_FILE"]).read_text().strip()
LARGEST, OLDEST, LONGEST = 16_384, 86_400, 40
log = logging.getLogger("onboarding")


async def receive(request: Request) -> PlainTextResponse:
    """Keep a sign-up: `{"name", "wabaId", "phoneNumberId", "at", "labels"?}`, `at` in epoch seconds."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return PlainTextResponse("larger than 16 KiB\n", 413)
    wanted = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), request.headers.get("X-Signature-256", "").encode()):
        return PlainTextResponse("the signature is missing or wrong\n", 401)
    name = name_of(body)
    if not name:
        return PlainTextResponse("not a sign-up of the last day; README.md shows one\n", 400)
    await asyncio.to_thread(keep, name, body)
    return PlainTextResponse("kept\n")


def name_of(body: bytes) -> str:
    """Return the name of a sign-up's file, which only its ids decide; "" if *body* is no sign-up."""
    try:
        given = json.loads(body)
        ids = [given["wabaId"], given["phoneNumberId"]]
        recent = isinstance(given["name"], str) and abs(time.time() - given["at"]) < OLDEST
    except (ValueError, KeyError, TypeError):
        return ""
    digits = all(
        isinstance(one, str) and one.isascii() and one.isdigit() and len(one) < LONGEST for one in ids
    )
    return "-".join(ids) if digits and recent else ""


def keep(name: str, body: bytes) -> None:
    """Write a sign-up so that no power loss loses it. The same one has the same file."""
    unfinished = SPOOL / f".{name}"
    with unfinished.open("wb") as file:
        file.write(body)
        os.fsync(file.fileno())
    unfinished.replace(SPOOL / f"{name}.json")
    folder = os.open(SPOOL, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def phone_of(number_id: str) -> str:
    """Ask Meta for the phone of a phone number id."""
    answer = httpx.get(
        f"{GRAPH}/{number_id}",
        params={"fields": "display_phone_number"},
        headers={"Authorization": f"Bearer {GRAPH_TOKEN}"},
        timeout=10,
    )
    return str(answer.raise_for_status().json()["display_phone_number"])


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=CLONE, check=True, capture_output=True, text=True).stdout


def gupshupctl(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    words = ("gupshupctl", *words)
    return subprocess.run(words, cwd=CLONE, input=given, check=False, capture_output=True, text=True)


def publish() -> None:
    """Make one commit of all that is kept. What cannot be declared goes to `refused`, with the reason."""
    kept = sorted(SPOOL.glob("*.json"))
    if not kept:
        return
    git("fetch", "-q", "origin", BRANCH)
    git("checkout", "-q", "-f", "-B", BRANCH, "FETCH_HEAD")
    git("clean", "-qfd")
    if (checked := gupshupctl("validate", "manifests")).returncode:
        log.warning("the manifests of %s are not valid, so all sign-ups wait:\n%s", BRANCH, checked.stdout)
        return
    done: list[Path] = []
    for file in kept:
        given = json.loads(file.read_bytes())
        record = {key: given[key] for key in ("name", "wabaId", "labels") if key in given}
        try:
            record["phone"] = phone_of(given["phoneNumberId"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            log.warning("%s: Meta gives no phone, tried again later: %s", file.name, error)
            continue
        table = json.dumps([record])
        made = gupshupctl("new", "app", "manifests", "--from", "-", "--out", FOLDER, given=table)
        if made.returncode:
            log.error("%s: refused: %s", file.name, made.stderr)
            (SPOOL / "refused" / f"{file.stem}.txt").write_text(made.stderr)
            file.replace(SPOOL / "refused" / file.name)
        else:
            done.append(file)
    if git("status", "--porcelain", "--", FOLDER):
        git("add", FOLDER)
        git("commit", "-q", "-m", f"Onboard {len(done)} customer{'s' if len(done) > 1 else ''}")
        target = BRANCH if not REVIEWED else f"onboarding/{done[0].stem}"
        git("push", "-q", "origin", f"{'+' if REVIEWED else ''}HEAD:refs/heads/{target}")
        tell_controller()
    for file in done:
        file.unlink()


def tell_controller() -> None:
    """Let `gupshupctl run` fetch at once. If it is not there, its next poll finds the commit."""
    try:
        if HOOK and not REVIEWED:
            httpx.post(HOOK, timeout=5)
    except httpx.HTTPError as error:
        log.warning("%s: %s; the next poll finds the commit", HOOK, error)


async def publish_again_and_again() -> None:
    while True:
        await asyncio.sleep(EVERY)
        try:
            await asyncio.to_thread(publish)
        except subprocess.CalledProcessError as error:
            log.warning("%s: %s; all of it is tried again", " ".join(error.cmd), error.stderr)
        except Exception:  # whatever it was: a sign-up that is spooled is tried until it is in git
            log.exception("tried again")


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    (SPOOL / "refused").mkdir(parents=True, exist_ok=True)
    task = asyncio.create_task(publish_again_and_again())
    yield
    task.cancel()


app = Starlette(routes=[Route("/sign-ups", receive, methods=["POST"])], lifespan=lifespan)

if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    host, _, port = os.environ.get("ONBOARDING_LISTEN", "127.0.0.1:8090").rpartition(":")
    uvicorn.run(app, host=host, port=int(port))
