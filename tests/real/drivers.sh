#!/usr/bin/env bash
# Real user-mode drivers of four branches, on a machine without a GPU: what is read from their files must be what they are.
#   drivers.sh TEST_PROGRAM…    runs each with the tests that need them
# VARVE_REAL_DRIVERS names a folder with 470, 525, 535 and 550; else VARVE_FETCH_DRIVERS names a program that unpacks them
# into the folder given to it. 77 without either.
set -euo pipefail
folder=${VARVE_REAL_DRIVERS:-}
if [ -z "$folder" ]; then
  [ -x "${VARVE_FETCH_DRIVERS:-}" ] || { echo "no real drivers: set VARVE_REAL_DRIVERS or VARVE_FETCH_DRIVERS"; exit 77; }
  folder=$PWD/real-drivers
  "$VARVE_FETCH_DRIVERS" "$folder" || exit 77
fi
export VARVE_REAL_DRIVERS=$folder
for program in "$@"; do "$program" --gtest_filter='*Real*:*real*'; done
