"""How long a fuzzer goes on: a moment in a normal run, as long as somebody likes in a long one."""

import os


def executions(usual: int) -> int:
    """Return how many examples to try: *usual*, or what FUZZ_EXAMPLES says."""
    return int(os.environ.get("FUZZ_EXAMPLES") or usual)
