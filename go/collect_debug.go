//go:build debug

package ministore

import "runtime"

// collectGarbage runs before each call into C, so that a Go object freed too early shows in tests.
func collectGarbage() { runtime.GC() }
