"""URLs of callbacks and webhooks: which are accepted, by their form alone, and how reads show them."""

from urllib.parse import quote, unquote, urlsplit


def valid(url: str) -> bool:
    """Return whether *url* is an http or https URL with a host and without blanks."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def shown(url: str, how: str) -> str:
    """Return *url* as reads show it: `as-sent`, `normal`, or `sorted` with its query's fields in order."""
    if how == "as-sent":
        return url
    parts = urlsplit(url)
    query = "&".join(sorted(parts.query.split("&"))) if how == "sorted" else parts.query
    port = "" if parts.port in (None, {"https": 443}.get(parts.scheme, 80)) else f":{parts.port}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=~") or "/"
    return f"{parts.scheme}://{host}{port}{path}{'?' if query else ''}{query}"
