// Package core compiles the C core into Go programs that import
// github.com/ministore/ministore/go. It has no Go API of its own.
package core

// #cgo CFLAGS: -std=c11 -O3 -DMINISTORE_EMBED -I${SRCDIR}/include
import "C"

import _ "embed"

// header is embedded, which makes vendoring carry it along, and an edit of it rebuild the importers.
//
//go:embed include/ministore.h
var header string
