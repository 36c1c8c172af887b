package ministore_test

// Goal: whatever bytes come, as a record or as a file, they are kept exactly or refused, and nothing crashes. The seeds
// run as plain tests; go test -fuzz goes on from them.

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	ministore "github.com/ministore/ministore/go"
)

func FuzzRoundTrip(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e-3,"\u00fc",null,true]}`, " 1 ", "", "[1\n]", "\"\xff\"", `"\ud800"`, "[[", "nul"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		path := journalPath(t)
		j := open[[]byte](t, path, ministore.WithManualSync())
		text := bytes.Trim(record, " \t\r\n")
		takes := ministore.Validate(text) == nil && !bytes.Contains(text, []byte("\n"))
		if _, err := j.Append(context.Background(), record); (err == nil) != takes {
			t.Fatalf("Validate and Append differ over %q: %v", record, err)
		}
		appendAll(t, j, []byte("0"))
		want := [][]byte{[]byte("0")}
		if takes {
			want = [][]byte{text, []byte("0")}
		}
		got := replayAll[[]byte](t, path)
		if len(got) != len(want) || !bytes.Equal(got[0], want[0]) {
			t.Fatalf("expected %q, got %q", want, got)
		}
		if takes && !json.Valid(text) {
			t.Fatalf("encoding/json refuses %q", text)
		}
	})
}

func FuzzOpenBytes(f *testing.F) {
	for _, seed := range []string{"", "// MINI", header, header + "1\n2\t\n", header + "1\n{", header + "1\n\x00\x00\n\x00",
		header + "x\n1\n", "// MINISTORE JOURNAL v9.9.9\n", "not a journal\n", "// MINISTORE JOURNAL v0.1.4 first=7\n1\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "j")
		put(t, path, string(content))
		records, failures := outcomes(ministore.Replay[[]byte](path))
		info, verified := ministore.Verify(path)
		if (verified == nil) != (failures == nil) || (verified == nil && info.Records != uint64(len(records))) {
			t.Fatalf("Verify says %+v, %v; Replay %d records, %v", info, verified, len(records), failures)
		}
		for _, r := range records {
			if !json.Valid(r) {
				t.Fatalf("%q was handed out", r)
			}
		}
		j, err := ministore.Open[[]byte](path)
		if err != nil {
			if left, _ := os.ReadFile(path); !bytes.Equal(left, content) {
				t.Fatalf("Open fails (%v), and %q became %q", err, content, left)
			}
			return
		}
		appendAll(t, j, []byte("0"))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if failures != nil {
			return
		}
		if got := replayAll[[]byte](t, path); len(got) != len(records)+1 || string(got[len(records)]) != "0" {
			t.Fatalf("%q: expected %q and one more, got %q", content, records, got)
		}
	})
}
