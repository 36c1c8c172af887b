//go:build !cgo

package ministore

// The core is C: without cgo the compiler stops here and names the remedy.
var _ = ministore_needs_cgo_set_CGO_ENABLED_1
