# Tells Tcl how to load the package ministore from this folder.
package ifneeded ministore 0.2.0 [list apply {folder {
    load [file join $folder ministore_native.so] Ministore_native
    source [file join $folder ministore.tcl]
}} $dir]
