#!/usr/bin/env bash
# A program that puts a FIFO where the steps that it marks are put down: nobody waits for a writer.
set -euo pipefail
timeout 60 "$VARVE" run --units 1 --warmup 2 --quiet -o run.json -- bash -c '[ -z "${VARVE_MARKS:-}" ] || mkfifo "$VARVE_MARKS/marks-1" || true' >/dev/null 2>&1
