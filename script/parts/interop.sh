#!/usr/bin/env bash
# The Rust crate, 0.1.7 and 0.1.4: it replays what we wrote, we continue what it wrote.
set -eu
. script/lib.sh
need_c_tools
need python3 'has python3'
need_cargo
build_preset release -DCMAKE_C_COMPILER=gcc
venv=$(python_venv tests tests/requirements.txt)
for version in 0.1.4 0.1.7; do
    CARGO_TARGET_DIR=$build/interop quietly cargo build --release --locked --manifest-path "tests/interop/crate-$version/Cargo.toml"
done
export MINISTORE_BIN=$build/release/ministore LAB_BIN=$build/release/tests/lab INTEROP_BIN=$build/interop/release
run_pytest "interop with the Rust crate" "$venv" tests/interop/test_interop.py tests/interop/test_states.py
