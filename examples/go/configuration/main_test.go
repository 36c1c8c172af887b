package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func Test(t *testing.T) {
	var out strings.Builder
	if err := run(filepath.Join(t.TempDir(), "settings"), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "limit 20, colour set: false\ncontext canceled\n" {
		t.Errorf("got %s", out.String())
	}
}
