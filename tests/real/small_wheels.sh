#!/usr/bin/env bash
# Two small wheels from the Python registry, installed for real: what Varve reads must be what their packages say.
#   small_wheels.sh VARVE WHEELS_PY
# 77 where the registry cannot be reached or Python has no venv.
set -euo pipefail
varve=$(realpath "$1") check=$(realpath "$2")
folder=$PWD/small-wheels
for package in bitsandbytes==0.45.0 cupy-cuda12x==13.3.0; do
  venv=$folder/venv-${package%%=*}
  [ -e "$venv/.complete" ] && continue
  python3 -m venv "$venv" || { echo "python3 -m venv does not work here"; exit 77; }
  "$venv/bin/pip" install --quiet --no-deps --disable-pip-version-check "$package" || { echo "no $package"; exit 77; }
  touch "$venv/.complete"
done
VARVE_REAL_VENVS=$folder exec python3 "$check" "$varve"
