//go:build !debug

package ministore

// collectGarbage does nothing but in builds with the tag debug.
func collectGarbage() {}
