#!/usr/bin/env bash
# The command line, driven by pytest, and the conformance scenarios held against their schema.
set -eu
. script/lib.sh
need_c_tools
need python3 'has python3'
build_preset release -DCMAKE_C_COMPILER=gcc
venv=$(python_venv tests tests/requirements.txt)
status=0
if "$venv/bin/python" tests/conformance/check.py; then result "conformance schema" 1 0
else result "conformance schema" 0 1 || status=1; fi
MINISTORE_BIN=$build/release/ministore run_pytest "command line" "$venv" tests/cli || status=1
exit $status
