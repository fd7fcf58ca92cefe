#!/bin/sh
# Reports, on a schedule, whether Gupshup is still as declared. With GUPSHUP_DRIFT=apply it corrects Gupshup.
# An app that went live since the last apply counts as drift, too: its subscriptions are missing.
# Usage: drift.sh [PATH]…      Ends with 0 as declared, 2 not as declared, otherwise gupshupctl's code.
set -eu
here=$(dirname "$0")
[ "$#" -gt 0 ] || set -- manifests

code=0
gupshupctl plan "$@" --detailed-exitcode --fail-on held \
    --output-file markdown=plan.md --output-file json=plan.json --output-file github=plan.notes || code=$?
"$here/summary.sh" plan "$code"
if [ "$code" -eq 2 ] && [ "${GUPSHUP_DRIFT:-report}" = apply ]; then
    exec "$here/apply.sh" "$@"
fi
exit "$code"
