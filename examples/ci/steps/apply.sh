#!/bin/sh
# Makes the calls that close the gap, after a merge. Only one may run at a time: the workflow's concurrency holds that.
# Usage: apply.sh [PATH]…      Leaves apply.md and apply.json. On GitHub it adds the first to the summary.
#   GUPSHUP_WAIT        how long to wait until everything is live and subscribed; 0 does not wait (default 20m)
#   GUPSHUP_RELEASE     the digest of what a guard held, copied from the plan: allows exactly that
#   GUPSHUP_CONVERGING  ok: it is no failure if Gupshup still provisions an app when the time is over
# Ends with gupshupctl's code: 0 done, 3 invalid, 4 held, 5 something failed, 6 still converging, 7 refused, 8 locked.
set -eu
here=$(dirname "$0")
[ "$#" -gt 0 ] || set -- manifests

wait=${GUPSHUP_WAIT:-20m}
[ "$wait" = 0 ] || set -- "$@" --wait --timeout "$wait"
[ -z "${GUPSHUP_RELEASE:-}" ] || set -- "$@" --release "$GUPSHUP_RELEASE"
code=0
gupshupctl apply "$@" --yes --lock-timeout 5m \
    --output-file markdown=apply.md --output-file json=apply.json --output-file github=apply.notes || code=$?
"$here/summary.sh" apply "$code"
if [ "$code" -eq 6 ] && [ "${GUPSHUP_CONVERGING:-}" = ok ]; then
    echo "Still converging; the next run checks again and goes on from there."
    exit 0
fi
exit "$code"
