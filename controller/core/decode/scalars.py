"""Plain scalars as YAML 1.2 reads them (core schema). Fractions, which no field takes, stay text."""

import re

_CONSTANTS: dict[str, object] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_LONGEST_NUMBER = 30
_NUMERIC_STARTS = frozenset("+-.0123456789")
_DECIMAL = re.compile(r"[-+]?[0-9]+\Z")
_OTHER_BASE = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_WHOLE = re.compile(r"[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+|[0-9][0-9_]*(?:\.0)?)\Z")
_OCTAL = re.compile(r"[-+]?0[0-7]+\Z")
_DOUBTFUL_STARTS = _NUMERIC_STARTS | frozenset("yYnNoO")
_DOUBTFUL = re.compile(
    r"(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)\Z"  # YAML 1.1 booleans
    r"|[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?\Z|[-+]?[0-9]+[eE][-+]?[0-9]+\Z"  # fractions
    r"|[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z"
    r"|[-+]?0[0-9_]+\Z|0o[0-7]+\Z|[-+]?0b[01_]+\Z"  # octal or binary in one version only
    r"|[-+]?[0-9][0-9_]*_[0-9_]*\Z"
    r"|[-+]?[0-9]{1,9}(?::[0-9]{1,2}){1,4}\Z"  # base 60
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\Z"
)


def core(text: str) -> object:
    """Return the value of a plain scalar: None, a boolean, a whole number, or the text itself."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in _NUMERIC_STARTS and len(text) <= _LONGEST_NUMBER:
        if _DECIMAL.match(text):
            return int(text)
        if _OTHER_BASE.match(text):
            return int(text, 0)
    return text


def misspelt(text: str) -> bool:
    """Return whether a plain scalar is a whole number, but not in plain digits: `0x3`, `-0`, `+3`, `03`."""
    if text == "" or text[0] not in _NUMERIC_STARTS:
        return False
    value = core(text)
    return isinstance(value, int) and str(value) != text


def whole(text: str) -> str | None:
    """Return a whole number of any spelling in plain digits: `0x3`, `0b11`, `3_0`, `3.0`.

    None if *text* is no such number, or if YAML 1.1 and 1.2 read different ones: `025`.
    """
    if len(text) > _LONGEST_NUMBER or not _WHOLE.match(text):
        return None
    bare = text.replace("_", "").removesuffix(".0")
    number = int(bare, 10 if bare.lstrip("-+").isdecimal() else 0)
    in_yaml_1_1 = int(bare, 8) if _OCTAL.match(bare) else number
    return str(number) if number == in_yaml_1_1 else None


def doubtful(text: str) -> bool:
    """Return whether a plain scalar has another value in YAML 1.1, or is a number that no field takes."""
    if text == "" or text[0] not in _DOUBTFUL_STARTS:
        return False
    if len(text) > _LONGEST_NUMBER:  # too long for the pattern below, which backtracks
        return _DECIMAL.match(text) is not None
    return _DOUBTFUL.match(text) is not None
