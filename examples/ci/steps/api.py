"""HTTP for the APIs of GitHub and GitLab: pages, timeouts, and few repeats. It never prints a token.

Reads and idempotent writes are repeated after a 5xx or a broken line. A POST is not: it may have been done,
so the caller looks before it tries again. What was refused for its pace was not done: it is sent again after
the pause that the answer asks for. This module needs Python 3.9 and nothing else.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message

TIMEOUT = 30
ATTEMPTS = 5
LONGEST_PAUSE = 60.0
LARGEST_ANSWER = 256 << 20
_NEXT = re.compile(r'<([^<>]+)>;[^,]*\brel="?next"?')


class ApiError(Exception):
    """What was asked for, and what came back. *status* is 0 if nothing came back."""

    def __init__(self, asked: str, status: int, why: str) -> None:
        super().__init__(f"{asked}: {f'{status} ' if status else ''}{why}")
        self.status = status

    @property
    def unclear(self) -> bool:
        """Return whether the call may have been done all the same."""
        return self.status == 0 or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


class Api:
    """One API. *base* is its address, *token* goes to that address alone, under the header *scheme*."""

    def __init__(self, base: str, scheme: str, token: str, accept: str = "application/json") -> None:
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in {"https", "http"} or not parts.netloc:
            raise ApiError(base, 0, "this is no address of an API")
        self.base = base.rstrip("/")
        self._secret = (scheme, token)
        self._headers = {"Accept": accept, "User-Agent": "gupshup-controller-ci"}

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401  (JSON)
        """Return one answer."""
        return json.loads(self._call("GET", self._address(path, query))[0])

    def pages(self, path: str, **query: object) -> Iterator[Any]:
        """Yield the items of all pages. An API may have a reason to make them small."""
        address: str | None = self._address(path, {**query, "per_page": 100})
        while address:
            data, headers = self._call("GET", address)
            found = json.loads(data)
            yield from (
                found
                if isinstance(found, list)
                else next(each for each in found.values() if isinstance(each, list))
            )
            link = _NEXT.search(headers.get("Link") or "")
            address = link[1] if link else None

    def send(self, method: str, path: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401  (JSON)
        """Send *body*, and return the answer."""
        data = self._call(method, self._address(path, {}), json.dumps(body).encode())[0]
        return json.loads(data) if data.strip() else None

    def download(self, path: str) -> bytes:
        """Return a file. The address that an answer redirects to never gets the token."""
        return self._call("GET", self._address(path, {}))[0]

    def _address(self, path: str, query: Mapping[str, object]) -> str:
        words = urllib.parse.urlencode(query)
        return f"{self.base}/{path}{'?' if words else ''}{words}"

    def _call(self, method: str, address: str, body: bytes | None = None) -> tuple[bytes, Message]:
        asked = f"{method} {urllib.parse.urlsplit(address).path}"
        if not address.startswith(f"{self.base}/"):
            raise ApiError(asked, 0, "the next page is at another address")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(method, address, body)
            except urllib.error.HTTPError as error:
                with error:
                    pause = _pause(error, method, attempt)
                    failure = ApiError(asked, error.code, _words(error))
            except OSError as error:  # nothing came back, or not all of it
                pause = None if method == "POST" else 2.0 ** (attempt - 2)
                failure = ApiError(asked, 0, str(getattr(error, "reason", error)))
            if pause is None or attempt == ATTEMPTS:
                raise failure from None
            time.sleep(pause)
        raise AssertionError

    def _once(self, method: str, address: str, body: bytes | None) -> tuple[bytes, Message]:
        request = urllib.request.Request(address, body, self._headers, method=method)  # noqa: S310  (checked above)
        request.add_unredirected_header(*self._secret)
        if body is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            data = answer.read(LARGEST_ANSWER + 1)
            if len(data) > LARGEST_ANSWER:
                raise OSError("the answer is too large")
            return data, answer.headers


def _pause(error: urllib.error.HTTPError, method: str, attempt: int) -> float | None:
    """Return how long to wait before the call is sent again, None if it is not to be."""
    asked_for = error.headers.get("Retry-After") or ""
    if error.code in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        limited = (
            error.code == HTTPStatus.TOO_MANY_REQUESTS or error.headers.get("X-RateLimit-Remaining") == "0"
        )
        if not (asked_for or limited):
            return None
        return min(float(asked_for), LONGEST_PAUSE) if asked_for.isdigit() else LONGEST_PAUSE
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR and method != "POST":
        return 2.0 ** (attempt - 2)
    return None


def _words(error: urllib.error.HTTPError) -> str:
    """Return what the API said, on one short line."""
    try:
        said = json.loads(error.read(10_000))
        words = str(said.get("message") or said.get("error") or "")
    except (ValueError, AttributeError, OSError):
        words = ""
    return "".join(each if each.isprintable() else " " for each in (words or str(error.reason)))[:200]
