# ministore: an append-only journal of JSON records in plain text files. The commands of the package, on top of what
# SWIG makes of the C interface (namespace ministore::core); docs/tcl.md describes them.

package require Tcl 8.6
package require TclOO
package provide ministore 0.2.0

namespace eval ministore {
    namespace export open cursor replay stream follow verify repair validate version
    namespace ensemble create

    # What an option's value means to the C structs.
    variable names {
        sync {always SYNC_ALWAYS manual SYNC_MANUAL}
        torn_tail {cut TORN_TAIL_CUT refuse TORN_TAIL_REFUSE}
        scope {replay REPLAY stream STREAM}
        on_bad_line {stop BAD_LINE_STOP skip BAD_LINE_SKIP}
    }
    variable journal_options {mode max_bytes_per_segment max_segments sync torn_tail max_record_bytes preallocate_bytes}
    variable cursor_options {scope from at_end on_bad_line durable max_record_bytes}
    variable info {segments first_sequence next_sequence durable_sequence bytes torn_bytes torn_offset}
    variable cursor_info {segments first_sequence next_sequence bytes torn_bytes torn_offset}
    variable verify_info {segments records bytes problems torn_bytes uncovered first_sequence next_sequence}
    variable repair_info {cut_bytes cut_offset cut_lines cut_records archived_bad_lines next_sequence}
}

# ---- options and infos ----

# The list {-name value …} as a dictionary without dashes; an unknown name is refused as Tcl's own commands do.
proc ministore::Options {allowed given} {
    if {[llength $given] % 2} {
        return -code error -errorcode {TCL WRONGARGS} "options come as pairs of -name value"
    }
    set dashed [lmap name $allowed {string cat - $name}]
    set result {}
    foreach {name value} $given {
        set name [tcl::prefix match -message option $dashed $name]
        dict set result [string range $name 1 end] $value
    }
    return $result
}

proc ministore::Constant {option value} {
    variable names
    set choices [dict get $names $option]
    set value [tcl::prefix match -message "value of -$option" [dict keys $choices] $value]
    return [set core::[dict get $choices $value]]
}

# Call a body with a C struct of that class, filled from a dictionary.
proc ministore::WithStruct {class values body} {
    variable names
    upvar 1 struct struct
    set struct [core::new_$class]
    try {
        dict for {name value} $values {
            if {[dict exists $names $name]} {
                set value [Constant $name $value]
            } elseif {$name eq "mode"} {
                scan $value %o value
            } elseif {$name in {at_end durable}} {
                set value [expr {bool($value)}]
            }
            core::${class}_${name}_set $struct $value
        }
        uplevel 1 $body
    } finally {
        core::delete_$class $struct
    }
}

# The fields of a C struct as a dictionary.
proc ministore::Fields {class struct names} {
    set result {}
    foreach name $names {
        dict set result $name [core::${class}_${name}_get $struct]
    }
    return $result
}

# ---- records ----

# Options of both classes: how a record becomes JSON text, and text a value.
proc ministore::Encode {codec record} {
    if {[dict get $codec raw]} { return $record }
    if {[dict get $codec encode] ne {}} {
        set record [uplevel #0 [dict get $codec encode] [list $record]]
    }
    return [encoding convertto utf-8 $record]
}

proc ministore::Decode {codec bytes} {
    if {[dict get $codec raw]} { return $bytes }
    set text [encoding convertfrom utf-8 $bytes]
    if {[dict get $codec decode] eq {}} { return $text }
    return [uplevel #0 [dict get $codec decode] [list $text]]
}

# Take the options that say how records look from a dictionary.
proc ministore::TakeCodec {variable} {
    upvar 1 $variable options
    set codec {raw 0 encode {} decode {}}
    foreach name {raw encode decode} {
        if {[dict exists $options $name]} { dict set codec $name [dict get $options $name] }
        dict unset options $name
    }
    return $codec
}

proc ministore::Fail {code message args} {
    return -code error -level 2 -errorcode [list MINISTORE $code {*}$args] $message
}

# ---- a journal open for writing ----

oo::class create ministore::Journal {
    variable handle codec path

    constructor {file args} {
        namespace path ::ministore
        set path $file
        set handle {}
        set options [Options [concat $::ministore::journal_options {raw encode decode}] $args]
        set codec [TakeCodec options]
        WithStruct Options $options { set handle [core::new_Journal $path $struct] }
    }

    destructor {
        if {$handle ne {}} { core::delete_Journal $handle }
    }

    method append {record} {
        my Open
        return [core::Journal_append $handle [my Text $record 1]]
    }

    method append_many {records} {
        my Open
        set lines {}
        foreach record $records {
            set text [my Text $record [expr {[llength $lines] + 1}]]
            if {[string first \n $text] >= 0} {
                Fail INVALID_JSON "$path: record [expr {[llength $lines] + 1}]: a line feed in a record" \
                    path $path line [expr {[llength $lines] + 1}] offset [string first \n $text]
            }
            lappend lines $text
        }
        # The last line ends too, or an empty last record would be no record.
        if {[llength $lines]} { lappend lines {} }
        return [core::Journal_append_batch $handle [join $lines \n]]
    }

    method sync {} {
        my Open
        core::Journal_sync $handle
    }

    method rotate {} {
        my Open
        core::Journal_rotate $handle
    }

    method prune {before} {
        my Open
        return [core::Journal_prune $handle $before]
    }

    method stat {} {
        my Open
        WithStruct Info {} {
            core::Journal_stat $handle $struct
            return [Fields Info $struct $::ministore::info]
        }
    }

    # Closing again is fine. The handle goes, whatever the last sync says.
    method close {} {
        if {$handle eq {}} return
        try {
            core::Journal_close $handle
        } finally {
            core::delete_Journal $handle
            set handle {}
        }
    }

    method Open {} {
        if {$handle eq {}} { Fail CLOSED "$path: the journal is closed" path $path }
    }

    method Text {record line} {
        try {
            return [Encode $codec $record]
        } on error {message options} {
            Fail DECODE "$path: record $line: $message" path $path line $line
        }
    }
}

# ---- a reader ----

oo::class create ministore::Cursor {
    variable handle codec path records places sequence line offset segment at

    constructor {file args} {
        namespace path ::ministore
        set path $file
        set handle {}
        set records {}
        set at 0
        set options [Options [concat $::ministore::cursor_options {raw encode decode}] $args]
        set codec [TakeCodec options]
        WithStruct CursorOptions $options { set handle [core::new_Cursor $path $struct] }
    }

    destructor {
        if {$handle ne {}} { core::delete_Cursor $handle }
    }

    # 1 and the next record in the variable, or 0 at the end; asked again later, it goes on.
    method next {recordVariable {sequenceVariable {}}} {
        upvar 1 $recordVariable record
        if {$sequenceVariable ne {}} { upvar 1 $sequenceVariable number }
        my Open
        if {$at == [llength $records] && ![my Read]} { return 0 }
        set this $at
        incr at
        set number [expr {$sequence + $this}]
        if {[catch { set record [Decode $codec [lindex $records $this]] } message]} { my Undecodable $this $message }
        return 1
    }

    # ready, timeout or interrupted; without a time it waits for ever.
    method wait {{milliseconds -1}} {
        my Open
        if {$at < [llength $records]} { return ready }
        set status [core::Cursor_wait $handle $milliseconds]
        return [dict get [list $::ministore::core::OK ready $::ministore::core::TIMEOUT timeout \
            $::ministore::core::INTERRUPTED interrupted] $status]
    }

    method interrupt {} {
        my Open
        core::Cursor_interrupt $handle
    }

    method stat {} {
        my Open
        WithStruct CursorInfo {} {
            core::Cursor_stat $handle $struct
            set result [Fields CursorInfo $struct $::ministore::cursor_info]
        }
        # Records that were read from the file, but not yet handed out, come next.
        if {$at < [llength $records]} { dict set result next_sequence [expr {$sequence + $at}] }
        return $result
    }

    method close {} {
        if {$handle eq {}} return
        core::Cursor_close $handle
        core::delete_Cursor $handle
        set handle {}
        set records {}
    }

    method Open {} {
        if {$handle eq {}} { Fail CLOSED "$path: the cursor is closed" path $path }
    }

    method Read {} {
        set records {}
        set at 0
        set batch [core::Cursor_read $handle]
        if {$batch eq {}} { return 0 }
        lassign $batch records places sequence line offset segment
        return 1
    }

    method Undecodable {index message} {
        binary scan $places @[expr {8 * $index}]nu start
        set place "$segment:[expr {$line + $index}]"
        Fail DECODE "$place: $message" path $path segment $segment line [expr {$line + $index}] \
            offset [expr {$offset + $start}] sequence [expr {$sequence + $index}]
    }
}

proc ministore::open {path args} {
    return [Journal new $path {*}$args]
}

proc ministore::cursor {path args} {
    return [Cursor new $path {*}$args]
}

# ---- loops: replay PATH ?-option value …? {RECORD ?SEQUENCE?} BODY ----

proc ministore::replay {path args} {
    tailcall Loop replay $path $args
}

proc ministore::stream {path args} {
    tailcall Loop stream $path $args -scope stream
}

# Its option -timeout: the loop ends when nothing came for so many milliseconds.
proc ministore::follow {path args} {
    tailcall Loop follow $path $args -durable 1
}

proc ministore::Loop {command path arguments args} {
    if {[llength $arguments] < 2} {
        return -code error -errorcode {TCL WRONGARGS} \
            "wrong # args: should be \"ministore $command path ?-option value ...? {record ?sequence?} body\""
    }
    set options [dict merge $args [lrange $arguments 0 end-2]]
    lassign [lrange $arguments end-1 end] variables body
    set timeout -1
    if {$command eq "follow" && [dict exists $options -timeout]} {
        set timeout [dict get $options -timeout]
        dict unset options -timeout
    }
    set cursor [cursor $path {*}$options]
    try {
        while {[Each $cursor $variables $body] && $command eq "follow" && [Await $cursor $timeout]} {}
    } finally {
        $cursor destroy
    }
}

# Run the body, in the frame of the loop's caller, for each record that there is now. 0: the body has ended the loop.
proc ministore::Each {cursor variables body} {
    lassign $variables recordName sequenceName
    upvar 2 $recordName record
    if {$sequenceName ne {}} { upvar 2 $sequenceName sequence }
    while {[$cursor next record sequence]} {
        set code [catch { uplevel 2 $body } result options]
        if {$code == 3} { return 0 }
        if {$code != 0 && $code != 4} {
            dict incr options -level 2
            return -options $options $result
        }
    }
    return 1
}

# A signal ends a wait early, so that Tcl's own handlers of signals can run; then it goes on for the rest of the time.
proc ministore::Await {cursor timeout} {
    set end [expr {[clock milliseconds] + $timeout}]
    set rest $timeout
    while {[set outcome [$cursor wait $rest]] eq "interrupted"} {
        if {$timeout >= 0} { set rest [expr {max(0, $end - [clock milliseconds])}] }
    }
    return [expr {$outcome eq "ready"}]
}

# ---- care ----

# The error of verify carries what was found in all as `found` in its -errorcode.
proc ministore::verify {path args} {
    variable verify_info
    set limit [MaxRecordBytes [Options {max_record_bytes} $args]]
    WithStruct VerifyInfo {} {
        try {
            core::verify $path $limit $struct
        } on error {message options} {
            dict lappend options -errorcode found [Fields VerifyInfo $struct $verify_info]
            return -options $options $message
        }
        return [Fields VerifyInfo $struct $verify_info]
    }
}

proc ministore::repair {path args} {
    variable repair_info
    set options [Options {dry_run max_record_bytes} $args]
    set dry [expr {[dict exists $options dry_run] && [dict get $options dry_run]}]
    WithStruct RepairInfo {} {
        core::repair $path $dry [MaxRecordBytes $options] $struct
        return [Fields RepairInfo $struct $repair_info]
    }
}

proc ministore::MaxRecordBytes {options} {
    if {[dict exists $options max_record_bytes]} { return [dict get $options max_record_bytes] }
    return 67108864
}

# Whether append would take a text, with -raw 1 bytes; the error says why not.
proc ministore::validate {record args} {
    set options [Options {raw} $args]
    core::validate [Encode [TakeCodec options] $record]
}

proc ministore::version {} {
    return [core::version]
}
