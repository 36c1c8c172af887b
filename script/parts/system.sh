#!/usr/bin/env bash
# Whole programs, from outside: writers in four languages killed while followers read, system calls that fail by strace,
# a tmpfs that is full, hostile sizes.
set -eu
. script/lib.sh
need_c_tools
need strace 'has strace' util-linux 'has unshare'
build_writers
venv=$(python_venv tests tests/requirements.txt)
run_pytest "whole programs, from outside" "$venv" -rP --durations=5 tests/system
