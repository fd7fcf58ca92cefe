#!/bin/sh
# Adds WHAT.md to the summary on GitHub, and annotates what is stuck. A run that ended before it could write one gets a line.
# Usage: summary.sh WHAT CODE
set -eu
if [ ! -s "$1.md" ]; then
    case "$2" in
    3) why="the manifests are invalid" ;;
    4) why="a guard refused the manifests" ;;
    7) why="Gupshup refused the credentials" ;;
    8) why="another process is writing" ;;
    *) why="it ended early" ;;
    esac
    printf '<!-- gupshupctl %s -->\n### Gupshup %s: %s\n\nExit code %s. The log shows more.\n' "$1" "$1" "$why" "$2" >"$1.md"
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$1.md" >>"$GITHUB_STEP_SUMMARY"
    [ ! -e "$1.notes" ] || cat "$1.notes"
fi
