"""Which callback and webhook URLs are taken, by their form alone: none is called to find out."""

from urllib.parse import urlsplit


def valid(url: str) -> bool:
    """Whether *url* is an http or https URL with a host and no blanks."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
