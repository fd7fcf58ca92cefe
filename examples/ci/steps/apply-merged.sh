#!/bin/sh
# Applies what was merged: the plan that was reviewed on the pull request, exactly. If there is none that still says what
# to do, this commit is planned, and that plan is applied.
# Usage: apply-merged.sh [PATH]…      Leaves apply.md and apply.json. On GitHub it adds the first to the summary.
#   GUPSHUP_WAIT        how long to wait until everything is live and subscribed; 0 does not wait (default 20m)
#   GUPSHUP_RELEASE     the digest of what a guard held: plans this commit, with exactly that let through
#   GUPSHUP_MAX_AGE     how old a reviewed plan may be (default 24h); 0s plans each merge afresh
#   GUPSHUP_CONVERGING  ok: it is no failure if Gupshup still provisions an app when the time is over
# Ends with gupshupctl's code: 0 done, 3 invalid, 4 held, 5 failed, blocked or stale, 6 still converging, 7 refused, 8 locked.
set -eu
here=$(dirname "$0")
[ "$#" -gt 0 ] || set -- manifests
saved="saved-plan.json"

apply_saved() {
    wait=$1
    shift
    set -- "$saved" --yes --lock-timeout 5m "$@"
    [ "$wait" = 0 ] || set -- "$@" --wait --timeout "$wait"
    gupshupctl apply "$@" \
        --output-file markdown=apply.md --output-file json=apply.json --output-file github=apply.notes
}

finish() {
    code=$1
    shift
    "$here/summary.sh" apply "$code"
    python3 "$here/outputs.py" apply "$code" "$@" || echo "Warning: the outputs of the step are not written."
    python3 "$here/status.py" "$code" || :
    if [ "$code" -eq 6 ] && [ "${GUPSHUP_CONVERGING:-}" = ok ]; then
        echo "Still converging; the next run checks again and goes on from there."
        exit 0
    fi
    exit "$code"
}

rm -f "$saved" plan.md plan.json plan.notes apply.md apply.json apply.notes
python3 "$here/status.py" pending || :
if [ -z "${GUPSHUP_RELEASE:-}" ] && python3 "$here/reviewed.py" "$saved" "$@"; then
    code=0
    apply_saved "${GUPSHUP_WAIT:-20m}" --max-age "${GUPSHUP_MAX_AGE:-24h}" || code=$?
    if ! python3 "$here/spent.py" apply.json; then
        finish "$code" "$@"
    fi
    rm -f "$saved" apply.md apply.json apply.notes
fi

plan_commit() {
    [ -z "${GUPSHUP_RELEASE:-}" ] || set -- "$@" "--release=$GUPSHUP_RELEASE"
    gupshupctl plan "$@" --since none --fail-on blocked,held --out "$saved" \
        --output-file markdown=plan.md --output-file json=plan.json --output-file github=plan.notes
}

planned=0
plan_commit "$@" || planned=$?
wait=${GUPSHUP_WAIT:-20m}
[ "$planned" -eq 0 ] || wait=0 # what is held or blocked would never go live
code=0
if [ -s "$saved" ]; then
    apply_saved "$wait" || code=$?
fi
if [ "$planned" -ne 0 ]; then # what is held, blocked or invalid is no part of a saved plan
    cat plan.md >>apply.md 2>/dev/null || :
    cat plan.notes >>apply.notes 2>/dev/null || :
fi
[ "$code" -ne 0 ] || code=$planned
finish "$code" "$@"
