#!/bin/sh
# Says, on a schedule, whether Gupshup still is as declared; with GUPSHUP_DRIFT=apply it puts that right.
# An app that went live since the last apply counts too: its subscriptions are what is missing.
# Usage: drift.sh [PATH]…      Ends with 0 as declared, 2 not so, else gupshupctl's code.
set -eu
here=$(dirname "$0")
[ "$#" -gt 0 ] || set -- manifests

code=0
gupshupctl plan "$@" --detailed-exitcode -o json >plan.json || code=$?
"$here/tell.sh" plan "$code"
if [ "$code" -eq 2 ] && [ "${GUPSHUP_DRIFT:-report}" = apply ]; then
    exec "$here/apply.sh" "$@"
fi
exit "$code"
