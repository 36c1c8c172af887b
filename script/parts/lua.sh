#!/usr/bin/env bash
# The Lua package on Lua 5.1, 5.2, 5.3, 5.4 and LuaJIT: its tests, host programs, and what luarocks and CMake install.
set -eu
. script/lib.sh
versions=(5.1 5.2 5.3 5.4 jit)
interpreter() { [ "$1" = jit ] && say luajit || say "lua$1"; }
packages=(gcc 'has gcc' libc6-dev 'has_header stdlib.h' cmake 'has cmake' make 'has make' pkg-config 'has pkg-config'
    luarocks 'has luarocks' valgrind 'has valgrind' locales 'test -f /usr/share/i18n/locales/de_DE'
    lua5.1 'has lua5.1' liblua5.1-0-dev 'pkg-config lua5.1' luajit 'has luajit' libluajit-5.1-dev 'pkg-config luajit')
for version in 5.2 5.3 5.4; do
    packages+=("lua$version" "has lua$version" "liblua$version-dev" "pkg-config lua$version")
done
for version in 5.1 5.2 5.3 5.4; do
    packages+=(lua-cjson "lua$version -e 'require \"cjson\"'")
done
need "${packages[@]}"

folder=$build/lua
quietly cmake -S . --preset release -B "$folder" -DMINISTORE_LUA=ON -DBUILD_TESTING=OFF
quietly cmake --build "$folder" -j "$jobs" --target ministore_lua_tests
mkdir -p "$folder/locale"
[ -d "$folder/locale/de_DE.UTF-8" ] || quietly localedef -i de_DE -f UTF-8 "$folder/locale/de_DE.UTF-8"

# with_module VERSION COMMAND...: run it where require finds what was built.
with_module() {
    LOCPATH=$folder/locale LUA_PATH="$root/lua/?.lua;;" LUA_CPATH="$folder/lua/$1/?.so;;" "${@:2}"
}

exports_its_door_only() {
    [ "$(nm -D --defined-only "$1" | awk '{ print $3 }')" = luaopen_ministore_core ]
}

status=0
for version in "${versions[@]}"; do
    with_module "$version" "$(interpreter "$version")" lua/tests/run.lua || status=1
done

for version in "${versions[@]}"; do
    try "a host with threads, lua$version" with_module "$version" "$folder/lua/$version/host"
done
try "a host with threads under valgrind" with_module 5.4 valgrind -q --error-exitcode=1 --leak-check=full \
    --errors-for-leak-kinds=definite,indirect "$folder/lua/5.4/host"

# The rock, made from a copy that holds no more than it needs, and what CMake installs.
rocks=$folder/rocks
rm -rf "$rocks" && mkdir -p "$rocks/source"
cp -r core lua ministore-scm-1.rockspec "$rocks/source"
for version in 5.1 5.2 5.3 5.4; do
    (cd "$rocks/source" && quietly luarocks --lua-version "$version" --tree "$rocks/$version" make)
    LUA_PATH="$rocks/$version/share/lua/$version/?.lua" LUA_CPATH="$rocks/$version/lib/lua/$version/?.so" \
        try "the rock on Lua $version" "lua$version" examples/lua/first.lua
    module=$rocks/$version/lib/lua/$version/ministore/core.so
    try "the symbols of the rock on Lua $version" exports_its_door_only "$module"
done
LUA_PATH="$rocks/5.1/share/lua/5.1/?.lua" LUA_CPATH="$rocks/5.1/lib/lua/5.1/?.so" \
    try "the rock of Lua 5.1 on LuaJIT" luajit examples/lua/first.lua

quietly cmake --build "$folder" -j "$jobs"
quietly cmake --install "$folder" --prefix "$folder/prefix"
modules=$(find "$folder/prefix" -path '*lua/5.4/ministore/core.so')
LUA_PATH="$folder/prefix/share/lua/5.4/?.lua" LUA_CPATH="${modules%/ministore/core.so}/?.so" \
    try "what CMake installs" lua5.4 examples/lua/first.lua

result "Lua hosts and packages" "$passed" "$failed" || status=1
exit "$status"
