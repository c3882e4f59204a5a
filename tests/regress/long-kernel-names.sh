#!/usr/bin/env bash
# A name of 2 649 bytes, as templates of CUTLASS make them, was "no rule, no error and no kernel that is known", since
# nothing longer than 2 000 bytes was looked at. It is a matrix product like the one without the long argument.
set -euo pipefail
argument=float
for ((i = 0; i < 160; ++i)); do argument="cutlass::Array<$argument>"; done
"$VARVE" explain "void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_128x128_32x3_nn_align4<$argument>>(Params)" >told
grep -q 'a kernel of the family gemm' told
