#!/usr/bin/env bash
# The C tests that run threads once more under the thread sanitizer.
set -eu
. script/lib.sh
need_c_tools
build_preset tsan -DCMAKE_C_COMPILER=gcc
# The sanitizer of gcc 12 stops on kernels that spread addresses more than it knows; `setarch -R` spreads them less.
if setarch -R true 2>/dev/null; then exec setarch -R bash -c '. script/lib.sh; run_ctest "C, thread sanitizer" tsan -L threads'; fi
run_ctest "C, thread sanitizer" tsan -L threads
