# Runs all tests of the Tcl package: tclsh all.tcl [tcltest's options], with the package on Tcl's path.
package require tcltest 2.3
tcltest::configure -testdir [file dirname [file normalize [info script]]] -singleproc 1 -tmpdir [pwd] {*}$argv
exit [tcltest::runAllTests]
