# What the tests share: a fresh folder for each, and whole files read and written as bytes.
package require tcltest 2.3
package require ministore
namespace import -force tcltest::test

proc new_folder {} {
    close [file tempfile folder ministore]
    file delete $folder
    file mkdir $folder
    return $folder
}

proc read_file {path} {
    set file [open $path rb]
    try { return [read $file] } finally { close $file }
}

proc write_file {path bytes} {
    set file [open $path wb]
    try { puts -nonewline $file $bytes } finally { close $file }
}

# A test whose body gets a path for its journal.
proc journal_test {name description body args} {
    uplevel 1 [list test $name $description -setup {
        set folder [new_folder]
        set path [file join $folder j]
    } -body $body -cleanup { file delete -force $folder } {*}$args]
}
