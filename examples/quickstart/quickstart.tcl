# Appends a greeting to the journal given as argument, then reads all records back.
package require ministore

set path [lindex $argv 0]
set journal [ministore open $path]
set number [$journal append {{"event":"hello","from":"Tcl"}}]
$journal destroy
set count 0
ministore replay $path record { incr count }
puts "Tcl appended record $number and read $count records back"
