#!/bin/sh
# Runs the C examples: hello twice must print both records with their numbers, follow must print them and what is
# appended while it waits, and end when asked. Usage: check.sh HELLO FOLLOW
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
event='{"event":"hello"}'

"$1" "$folder/journal" >/dev/null
"$1" "$folder/journal" >"$folder/out"
printf 'record 2 is on the disk\n1\t%s\n2\t%s\n' "$event" "$event" | diff -u - "$folder/out"

mkfifo "$folder/followed"
"$2" "$folder/journal" 2 >"$folder/followed" &
exec 3<"$folder/followed"
read -r line <&3
[ "$line" = "$(printf '2\t%s' "$event")" ]
"$1" "$folder/journal" >/dev/null
read -r line <&3
[ "$line" = "$(printf '3\t%s' "$event")" ]
kill -INT $!
wait $!
