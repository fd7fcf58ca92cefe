"""Whether a saved plan had been applied before, so that its run sent nothing.

python3 spent.py apply.json      Ends with 0 if so, otherwise with 1.
"""

import sys
from pathlib import Path

from outputs import document


def main(path: str) -> int:
    """Read the report of the run. One that ended early did not send nothing for that reason."""
    report = document(Path(path))
    spent = bool(report.get("plan", {}).get("before")) and not report["results"]
    if spent:
        print("The reviewed plan had been applied before. Everything is planned now.")
    return 0 if spent else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
