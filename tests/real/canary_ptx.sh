#!/usr/bin/env bash
# NVIDIA's assemblers out of the Python registry, of CUDA 12 and of the newest: each makes machine code of the kernels that
# Varve brings along, for GPUs of all generations that it knows.
#   canary_ptx.sh CANARY_PTX
# 77 where the registry cannot be reached or Python has no venv.
set -euo pipefail
print=$(realpath "$1")
folder=$PWD/assemblers
for kernel in product handshake; do mkdir -p "$folder" && "$print" $kernel > "$folder/$kernel.ptx"; done
for package in nvidia-cuda-nvcc-cu12 nvidia-cuda-nvcc; do
  venv=$folder/venv-$package
  if [ ! -e "$venv/.complete" ]; then
    python3 -m venv "$venv" || { echo "python3 -m venv does not work here"; exit 77; }
    "$venv/bin/pip" install --quiet --no-deps --disable-pip-version-check $package || { echo "no $package"; exit 77; }
    touch "$venv/.complete"
  fi
  ptxas=$(find "$venv" -name ptxas -type f | head -1)
  [ -n "$ptxas" ] || { echo "$package has no ptxas"; exit 1; }
  chmod +x "$ptxas"
  "$ptxas" --version | tail -2 | head -1
  for kernel in product handshake; do
    for gpu in sm_75 sm_80 sm_90 sm_100 sm_120; do
      "$ptxas" -arch=$gpu -o "$folder/out.cubin" "$folder/$kernel.ptx"
      [ -s "$folder/out.cubin" ]
      echo "$kernel $gpu: $(wc -c < "$folder/out.cubin") bytes"
    done
  done
done
