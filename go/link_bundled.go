//go:build !libministore

package ministore

// #cgo CFLAGS: -DMINISTORE_EMBED -I${SRCDIR}/../core/include
import "C"

import _ "github.com/ministore/ministore/core" // compiles the C core into the program
