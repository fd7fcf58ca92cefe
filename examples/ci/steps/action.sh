#!/bin/sh
# What action.yml runs: one step of these, with the outputs of the action however it ends.
# Usage: action.sh validate|plan|comment|apply|drift      MANIFESTS: the paths, one a line
set -eu
here=$(dirname "$0")
command=$1

set -f
old_ifs=$IFS
IFS='
'
# shellcheck disable=SC2086  # one path a line
set -- ${MANIFESTS:-manifests}
IFS=$old_ifs
set +f

case "$command" in
validate) exec "$here/validate.sh" "$@" ;;
plan) exec "$here/plan.sh" "$@" ;;
comment) exec python3 "$here/comment.py" "${COMMENT_ON:-plan}" "$@" ;;
apply) exec "$here/apply-merged.sh" "$@" ;;
drift) exec "$here/drift.sh" "$@" ;;
*)
    echo "action.sh: there is no command $command; use validate, plan, comment, apply or drift" >&2
    exit 64
    ;;
esac
