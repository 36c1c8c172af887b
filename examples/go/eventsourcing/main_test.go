package main

import (
	"os"
	"strings"
	"testing"
)

func Test(t *testing.T) {
	folder := t.TempDir()
	var out strings.Builder
	if err := run(folder, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "ann 451, bob 550, next event 14\n") {
		t.Errorf("got %s", out.String())
	}
	if _, err := os.Stat(folder + "/events.001"); !os.IsNotExist(err) {
		t.Errorf("the first segment was not pruned: %v", err)
	}
}
