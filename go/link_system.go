//go:build libministore

package ministore

// #cgo pkg-config: ministore
import "C"
