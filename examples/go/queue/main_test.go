package main

import (
	"strings"
	"testing"
)

func Test(t *testing.T) {
	var out strings.Builder
	if err := run(t.TempDir(), &out); err != nil {
		t.Fatal(err)
	}
	want := "first worker: job 1\nfirst worker: job 2\nfirst worker: job 3\n" +
		"second worker: job 4\nsecond worker: job 5\nsecond worker: job 6\n"
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
}
