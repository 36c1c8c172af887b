# The Tcl side of the matrix of languages. `writer.tcl append JOURNAL SEGMENT_BYTES` appends the lines of stdin as
# records, two thirds one by one and the rest as one commit; `writer.tcl replay JOURNAL` prints all records.
package require ministore

proc append_lines {path segment_bytes} {
    set records [split [string trimright [read stdin] \n] \n]
    set singles [expr {[llength $records] * 2 / 3}]
    set journal [ministore open $path -raw 1 -max_bytes_per_segment $segment_bytes]
    foreach record [lrange $records 0 $singles-1] { $journal append $record }
    $journal append_many [lrange $records $singles end]
    $journal destroy
}

proc replay {path} {
    ministore replay $path -raw 1 record { puts $record }
}

fconfigure stdin -translation binary
fconfigure stdout -translation binary
[dict get {append append_lines replay replay} [lindex $argv 0]] {*}[lrange $argv 1 end]
