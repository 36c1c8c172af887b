#!/usr/bin/env bash
# The Python package: built from a copy of the tree, installed, tested by pytest, and checked by mypy and pyright.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' python3 'has python3' binutils 'has nm'
need python3-dev "test -f \"\$(python3 -c 'import sysconfig; print(sysconfig.get_path(\"include\"))')/Python.h\""

venv=$(python_venv python python/requirements-test.txt)
copy=$build/python
rm -rf "$copy"
mkdir -p "$copy"
cp -R pyproject.toml setup.py MANIFEST.in LICENSE* core cli python docs "$copy"
quietly "$venv/bin/pip" install --no-build-isolation --no-deps --force-reinstall "$copy"

export HYPOTHESIS_STORAGE_DIRECTORY=$build/hypothesis
run_pytest "Python" "$venv" python/tests
