#!/bin/sh
# Checks manifests offline. Safe on any pull request: it uses no network and no credentials, and runs nothing of the change.
# Usage: validate.sh [PATH]…      Ends with gupshupctl's code: 0 valid, 3 invalid.
set -eu
here=$(dirname "$0")
[ "$#" -gt 0 ] || set -- manifests

if [ -n "${GITHUB_ACTIONS:-}" ]; then
    exec gupshupctl validate "$@" -o github        # annotations on the lines of the change
fi
if [ -n "${GITLAB_CI:-}" ]; then
    code=0
    gupshupctl validate "$@" -o json >problems.json || code=$?
    python3 "$here/report.py" problems.json >gl-code-quality-report.json
    [ "$code" -eq 0 ] || gupshupctl validate "$@" || true      # once more, for people who read the log
    exit "$code"
fi
exec gupshupctl validate "$@"
