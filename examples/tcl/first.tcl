# The first five lines: `tclsh first.tcl FOLDER`.
package require json
package require ministore
set path [file join [lindex $argv 0] events.jsonl]

set journal [ministore open $path]
set sequence [$journal append {{"type": "greeting", "text": "hello"}}]
$journal destroy
ministore replay $path -decode json::json2dict {event number} { puts "$number [dict get $event text]" }

puts "appended as number $sequence"
