#!/bin/sh
# Runs the controller on one machine with Docker or Podman: SQLite in a volume, manifests from git, locked down.
# Usage: IMAGE=…@sha256:… GIT=https://git.example.com/you/fleet run.sh
# First put the credentials for Gupshup and git into ./secrets (readable for user 65532 only): email, secret, git-token.
set -eu
: "${IMAGE:?name the image by its digest}" "${GIT:?name the repository of manifests}"
engine=${ENGINE:-docker}

exec "$engine" run --detach --name gupshup-controller --restart unless-stopped --stop-timeout 30 \
    --user 65532:65532 --read-only --tmpfs /tmp:rw,noexec,nosuid,size=16m \
    --cap-drop ALL --security-opt no-new-privileges \
    --memory 512m --pids-limit 128 --ulimit core=0 --ulimit nofile=1024:1024 \
    --volume gupshup-state:/var/lib/gupshup \
    --volume "$PWD/secrets:/run/secrets:ro" \
    --env GUPSHUP_EMAIL_FILE=/run/secrets/email \
    --env GUPSHUP_SECRET_FILE=/run/secrets/secret \
    --env GUPSHUPCTL_GIT="$GIT" \
    --env GUPSHUPCTL_GIT_TOKEN_FILE=/run/secrets/git-token \
    --env GUPSHUPCTL_LOG_FORMAT=json \
    "$IMAGE" run
