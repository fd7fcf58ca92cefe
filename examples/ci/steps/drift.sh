#!/bin/sh
# Reports, on a schedule, whether Gupshup is still as declared. With GUPSHUP_DRIFT=apply it corrects Gupshup.
# An app that went live since the last apply counts as drift, too: its subscriptions are missing.
# Usage: drift.sh [PATH]…
#   GUPSHUP_ISSUES      true: one issue for each thing that is not as declared, closed once it is
# Ends with 0 as declared, 2 not as declared, otherwise gupshupctl's code; 1 if the issues cannot be written.
set -eu
here=$(dirname "$0")
[ "$#" -gt 0 ] || set -- manifests

look() {
    code=0
    gupshupctl plan "$@" --detailed-exitcode --fail-on held \
        --output-file markdown=plan.md --output-file json=plan.json --output-file github=plan.notes || code=$?
}

issues() {
    if [ "${GUPSHUP_ISSUES:-}" = true ]; then
        python3 "$here/issues.py" "$code" || code=1
    fi
}

look "$@"
"$here/summary.sh" plan "$code"
if [ "$code" -eq 2 ] && [ "${GUPSHUP_DRIFT:-report}" = apply ]; then
    "$here/apply.sh" "$@" || exit $?
    look "$@"
    issues
    exit "$([ "$code" -eq 1 ] && echo 1 || echo 0)"
fi
issues
exit "$code"
