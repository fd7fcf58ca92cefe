#!/bin/sh
# Writes WHAT.md from WHAT.json for people. On GitHub it adds it to the summary, with a warning for each thing that is stuck.
# Usage: summary.sh WHAT CODE
set -eu
here=$(dirname "$0")
python3 "$here/report.py" markdown "$1.json" "$2" >"$1.md"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$1.md" >>"$GITHUB_STEP_SUMMARY"
    python3 "$here/report.py" warnings "$1.json"
else
    cat "$1.md"
fi
