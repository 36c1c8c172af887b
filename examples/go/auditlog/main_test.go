package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func Test(t *testing.T) {
	var out strings.Builder
	if err := run(filepath.Join(t.TempDir(), "audit"), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "map[ann GET /hello:50]\n" {
		t.Errorf("got %s", out.String())
	}
}
