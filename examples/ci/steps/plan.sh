#!/bin/sh
# Shows what a merge would do. It reads Gupshup and writes nothing there. Without credentials it only validates.
# Usage: plan.sh [PATH]…      Leaves plan.md, plan.json, and saved-plan.json for `gupshupctl apply`. On GitHub it adds the
# first to the summary.
# Ends with gupshupctl's code: 0 with or without changes, 3 invalid, 4 held by a guard, 7 credentials refused.
set -eu
here=$(dirname "$0")
[ "$#" -gt 0 ] || set -- manifests

if [ -z "${GUPSHUP_SECRET:-}${GUPSHUP_SECRET_FILE:-}${GUPSHUP_PARTNER_TOKEN:-}${GUPSHUP_PARTNER_TOKEN_FILE:-}" ]; then
    echo "No credentials here, as for a change from a fork: the change is validated now, and planned by the person who merges it."
    exec "$here/validate.sh" "$@"
fi
rm -f saved-plan.json
code=0
gupshupctl plan "$@" --out saved-plan.json \
    --output-file markdown=plan.md --output-file json=plan.json --output-file github=plan.notes || code=$?
"$here/summary.sh" plan "$code"
python3 "$here/outputs.py" plan "$code" "$@" || echo "Warning: the outputs of the step are not written."
exit "$code"
