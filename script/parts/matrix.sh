#!/usr/bin/env bash
# The matrix of languages: C, Python, Lua, Go and the Rust crate write, continue and read each other's journals.
set -eu
. script/lib.sh
need_c_tools
need pkg-config 'has pkg-config' lua5.4 'has lua5.4' liblua5.4-dev 'pkg-config lua5.4' \
    python3 'has python3' python3-venv 'python3 -c "import venv, ensurepip"' python3-dev 'has_python_header'
need_cargo
need_go
built=$build/matrix
quietly cmake -S . --preset release -B "$built" -DBUILD_TESTING=OFF -DMINISTORE_LUA=ON -DMINISTORE_LUA_VERSIONS=5.4
quietly cmake --build "$built" -j "$jobs"
quietly go build -o "$built/writer-go" ./tests/interop/matrix
CARGO_TARGET_DIR=$build/interop quietly cargo build --release --locked --manifest-path tests/interop/crate-0.1.7/Cargo.toml
package=$(python_venv matrix python/requirements.txt)
install_python_package "$package"
venv=$(python_venv tests tests/requirements.txt)
export MINISTORE_BIN=$built/ministore INTEROP_BIN=$build/interop/release MATRIX_GO=$built/writer-go
export MATRIX_PYTHON="$package/bin/python tests/interop/matrix/writer.py"
export MATRIX_LUA="lua5.4 tests/interop/matrix/writer.lua"
LUA_PATH="$root/lua/?.lua" LUA_CPATH="$built/lua/5.4/?.so" \
    run_pytest "languages on each other's journals" "$venv" tests/interop/test_matrix.py
