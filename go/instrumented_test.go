//go:build race || asan || msan || debug

package ministore_test

// The detectors take memory and time of their own: those builds look for other faults than growth.
const (
	instrumented = true
	leakAppends  = 1_000
)
