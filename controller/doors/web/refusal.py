"""A refusal in a word: JSON below `/api/`, plain text elsewhere."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, PlainTextResponse, Response


def refusal(path: str, words: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return what is answered to a request for *path* that is not served."""
    if path.startswith("/api/"):
        return JSONResponse({"error": words}, status, headers)
    return PlainTextResponse(f"{words}\n", status, headers)
