#!/usr/bin/env bash
# The matrix of languages: C, Python, Lua, Go and the Rust crate write, continue and read each other's journals.
set -eu
. script/lib.sh
need_c_tools
need_cargo
build_languages
quietly go build -o "$languages/writer-go" ./tests/interop/matrix
CARGO_TARGET_DIR=$build/interop quietly cargo build --release --locked --manifest-path tests/interop/crate-0.1.7/Cargo.toml
venv=$(python_venv tests tests/requirements.txt)
export INTEROP_BIN=$build/interop/release MATRIX_GO=$languages/writer-go
export MATRIX_PYTHON="$package/bin/python tests/interop/matrix/writer.py"
export MATRIX_LUA="lua5.4 tests/interop/matrix/writer.lua"
run_pytest "languages on each other's journals" "$venv" tests/interop/test_matrix.py
