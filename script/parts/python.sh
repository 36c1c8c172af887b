#!/usr/bin/env bash
# The Python package: built from a copy of the tree, installed, tested by pytest, and checked by mypy and pyright.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' python3 'has python3' binutils 'has nm'
need python3-dev 'has_python_header'

venv=$(python_venv python python/requirements-test.txt)
install_python_package "$venv"

export HYPOTHESIS_STORAGE_DIRECTORY=$build/hypothesis
run_pytest "Python" "$venv" python/tests
