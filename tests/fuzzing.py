"""The time of a fuzzer: short in a normal run, as long as wanted in a long one."""

import os


def executions(usual: int) -> int:
    """Return how many examples to try: *usual*, or what FUZZ_EXAMPLES says."""
    return int(os.environ.get("FUZZ_EXAMPLES") or usual)
