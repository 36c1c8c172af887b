//go:build !race && !asan && !msan && !debug

package ministore_test

const (
	instrumented = false
	leakAppends  = 100_000
)
