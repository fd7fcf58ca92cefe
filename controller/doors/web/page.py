"""`/`: a page for people, how every app stands; made here whole, escaped, without a script."""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from controller.core.render.page_rows import STATES, AppRow, age, chosen, row
from controller.core.render.statuses import timestamp
from controller.doors.web.security_headers import HEADERS
from controller.doors.web.statuses import apps
from controller.edges.store import SqlStore
from controller.loop.run.control import LoopControl
from controller.model.passes import PartnerState, SourceState
from controller.model.text import escape

A_PAGE = 100
_LONGEST_SEARCH = 150
_LONGEST_NUMBER = 6


class Page:
    def __init__(self, control: LoopControl, store: SqlStore) -> None:
        self._control = control
        self._store = store
        loader = PackageLoader("controller.doors.web")
        environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True
        )
        self._template = environment.get_template("page.html")
        self._style = loader.get_source(environment, "page.css")[0]
        self._policy = _policy(self._style)

    def routes(self) -> list[Route]:
        return [Route("/", self.show)]

    async def show(self, request: Request) -> Response:
        """Show a page of the apps: `?q=` narrows by a text, `?state=` by a state, `?page=` turns."""
        asked = request.query_params
        text, state = asked.get("q", "")[:_LONGEST_SEARCH], asked.get("state", "")
        state = state if state in STATES else ""
        rows = await self._rows()
        fitting = chosen(rows, text, state)
        pages = max(1, -(-len(fitting) // A_PAGE))
        page = min(_number(asked.get("page", "")), pages)
        counts = Counter(each.state for each in rows)
        words = self._template.render(
            style=self._style,
            **self._loop(),
            rows=fitting[(page - 1) * A_PAGE : page * A_PAGE],
            counts={name: counts[name] for name in STATES},
            total=len(rows),
            several=len({each.upstream for each in rows}) > 1,
            q=text,
            state=state,
            page=page,
            pages=pages,
            address=_addresses(text, state, page),
        )
        return HTMLResponse(words, headers={"Content-Security-Policy": self._policy})

    async def _rows(self) -> list[AppRow]:
        now = self._control.now()
        rows: list[AppRow] = []
        async for part in apps(self._store):
            rows += [row(known.status, known.upstream, now) for known in part]
        return rows

    def _loop(self) -> dict[str, object]:
        """Return what the page shows of the source and the partners."""
        now = self._control.now()
        since = partial(_since, now)
        return {
            "at": timestamp(now),
            "source": _source(self._control.source(), since),
            "partners": [_partner(each, since) for each in self._control.partners()],
        }


def _shown(value: object) -> object:
    """Write out what would not be seen, or would turn words round; what is markup is our own."""
    return escape(value) if type(value) is str else value


def _source(state: SourceState, since: Callable[[float | None], str]) -> dict[str, object]:
    return {
        "identity": state.identity,
        "revision": state.revision,
        "since": since(state.since),
        "read": since(state.read),
        "error": state.error,
        "error_since": since(state.error_since),
        "digest": state.digest,
        "rejected": state.rejected,
        "waiting": state.waiting,
        "waited": since(state.waited),
    }


def _partner(state: PartnerState, since: Callable[[float | None], str]) -> dict[str, object]:
    def ago(moment_: float) -> str:
        return f"{since(moment_)} ago" if moment_ else "not yet"

    return {
        "name": state.name,
        "leader": state.is_leader,
        "apps": state.apps,
        "provisioning": state.provisioning,
        "queued": sum(state.queued.values()),
        "listed": ago(state.listed_at),
        "progressed": ago(state.progressed_at),
        "error": state.error,
        "failures": state.failures,
        "held_digest": state.held_digest,
    }


def _since(now: float, moment_: float | None) -> str:
    return age(now - moment_) if moment_ else ""


def _number(given: str) -> int:
    usable = given.isascii() and given.isdecimal() and len(given) <= _LONGEST_NUMBER
    return max(1, int(given)) if usable else 1


def _addresses(q: str, state: str, page: int) -> Callable[..., str]:
    """Return what makes a link to this page with something changed."""

    def address(**changes: object) -> str:
        asked = {"q": q, "state": state, "page": page, **changes}
        plain = {"q": "", "state": "", "page": 1}
        found = urlencode({key: value for key, value in asked.items() if value != plain[key]})
        return f"/?{found}" if found else "/"

    return address


def _policy(style: str) -> str:
    """Allow this one style sheet, and forms that lead here."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"{HEADERS['Content-Security-Policy']}; form-action 'self'; style-src 'sha256-{digest}'"
