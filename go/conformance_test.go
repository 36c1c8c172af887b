package ministore_test

// Goal: the package does what every ministore package must do, as tests/conformance says. Method: each scenario there
// is a subtest that drives the public API, with raw records.

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	ministore "github.com/ministore/ministore/go"
)

type scenario struct {
	Name  string
	Steps []json.RawMessage
}

func TestConformance(t *testing.T) {
	syscall.Umask(0o022)
	files, err := filepath.Glob("../tests/conformance/*.json")
	if err != nil || len(files) < 2 {
		t.Fatalf("no scenarios in ../tests/conformance (%v): the suite belongs to the repository", err)
	}
	there, ran := 0, 0
	for _, file := range files {
		if filepath.Base(file) == "schema.json" {
			continue
		}
		for _, s := range readScenarios(t, file) {
			there++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+s.Name, func(t *testing.T) {
				ran++
				runScenario(t, s)
			})
		}
	}
	t.Logf("%d scenarios run", ran)
	if ran != there {
		t.Errorf("%d scenarios are in the files, %d were run (by -run?)", there, ran)
	}
}

func readScenarios(t *testing.T, file string) []scenario {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []scenario
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return all
}

func runScenario(t *testing.T, s scenario) {
	r := &runner{folder: makeFolder(), journals: map[string]*ministore.Journal[[]byte]{}, followers: map[string]*follower{}}
	defer r.end()
	for i, text := range s.Steps {
		if err := r.take(text); err != nil {
			t.Fatalf("step %d %s: %v", i+1, abbreviate(text), err)
		}
	}
}

func abbreviate(text []byte) []byte { return text[:min(len(text), 300)] }

func makeFolder() string {
	folder, err := os.MkdirTemp("", "ministore-conformance-")
	if err != nil {
		panic(err)
	}
	return folder
}

// ---- the runner ----

type follower struct {
	cursor      *ministore.Cursor[[]byte]
	skips       bool
	interrupted bool
}

type runner struct {
	folder    string
	journals  map[string]*ministore.Journal[[]byte]
	followers map[string]*follower
}

var steps = map[string]func(*runner, *step) error{
	"open": (*runner).open, "append": (*runner).append, "append_batch": (*runner).appendBatch,
	"sync": (*runner).sync, "rotate": (*runner).rotate, "prune": (*runner).prune, "stat": (*runner).stat,
	"close": (*runner).close, "abandon": (*runner).abandon,
	"replay": (*runner).replay, "stream": (*runner).stream, "follow": (*runner).follow, "next": (*runner).next,
	"wait": (*runner).wait, "interrupt": (*runner).interrupt,
	"verify": (*runner).verify, "repair": (*runner).repair, "json": (*runner).json,
	"put": (*runner).put, "cut": (*runner).cut, "mkdir": (*runner).mkdir, "link": (*runner).link,
	"symlink": (*runner).symlink, "fifo": (*runner).fifo, "chmod": (*runner).chmod, "rename": (*runner).rename,
	"remove": (*runner).remove, "files": (*runner).files,
}

// take does one step. A mistake in the scenario itself comes as a panic of the step's accessors.
func (r *runner) take(text []byte) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case scenarioMistake:
			err = errors.New(string(p))
		default:
			panic(p)
		}
	}()
	s := newStep(text)
	do := s.text("do")
	f := steps[do]
	if f == nil {
		return fmt.Errorf("this runner knows no step %q", do)
	}
	if err := f(r, s); err != nil {
		return err
	}
	return s.unread()
}

func (r *runner) end() {
	r.closeAll()
	os.RemoveAll(r.folder)
}

func (r *runner) closeAll() {
	for _, j := range r.journals {
		j.Close()
	}
	for _, f := range r.followers {
		f.cursor.Close()
	}
	clear(r.journals)
	clear(r.followers)
}

func (r *runner) path(s *step, field string) string { return filepath.Join(r.folder, s.text(field)) }

func (r *runner) journal(s *step) *ministore.Journal[[]byte] {
	name := s.textOr("on", "j")
	if r.journals[name] == nil {
		s.mistake("no writer is named %q", name)
	}
	return r.journals[name]
}

func (r *runner) follower(s *step) *follower {
	name := s.textOr("on", "c")
	if r.followers[name] == nil {
		s.mistake("no follower is named %q", name)
	}
	return r.followers[name]
}

// ---- steps on a writer ----

func (r *runner) open(s *step) error {
	var opts []ministore.OpenOption
	s.ifThere("max_bytes_per_segment", func(n uint64) { opts = append(opts, ministore.WithMaxBytesPerSegment(n)) })
	s.ifThere("max_segments", func(n uint64) { opts = append(opts, ministore.WithMaxSegments(uint32(n))) })
	s.ifThere("max_record_bytes", func(n uint64) { opts = append(opts, ministore.WithMaxRecordBytes(n)) })
	s.ifThere("preallocate_bytes", func(n uint64) { opts = append(opts, ministore.WithPreallocateBytes(n)) })
	if s.chosen("sync", "manual") {
		opts = append(opts, ministore.WithManualSync())
	}
	if s.chosen("torn_tail", "refuse") {
		opts = append(opts, ministore.WithRefuseTornTail())
	}
	if s.has("mode") {
		opts = append(opts, ministore.WithMode(s.mode()))
	}
	name := s.textOr("as", "j")
	j, err := ministore.Open[[]byte](r.path(s, "path"), opts...)
	if err != nil || s.has("error") {
		return s.expectError(err)
	}
	r.journals[name] = j
	info, err := j.Stat(context.Background())
	if err != nil {
		return err
	}
	return s.expect(numbers{"torn_bytes": info.TornBytes})
}

func (r *runner) append(s *step) error {
	sequence, err := r.journal(s).Append(context.Background(), s.record("record"))
	if err := s.expectError(err); err != nil {
		return err
	}
	return s.expect(numbers{"sequence": sequence})
}

func (r *runner) appendBatch(s *step) error {
	last, err := r.journal(s).AppendBatch(context.Background(), s.records("records"))
	if err := s.expectError(err); err != nil {
		return err
	}
	return s.expect(numbers{"sequence": last})
}

func (r *runner) sync(s *step) error { return s.expectError(r.journal(s).Sync(context.Background())) }

func (r *runner) rotate(s *step) error {
	return s.expectError(r.journal(s).Rotate(context.Background()))
}

func (r *runner) prune(s *step) error {
	removed, err := r.journal(s).Prune(context.Background(), s.number("before"))
	if err := s.expectError(err); err != nil {
		return err
	}
	return s.expect(numbers{"removed": uint64(removed)})
}

func (r *runner) stat(s *step) error {
	if f := r.followers[s.peekOr("on", "j")]; f != nil {
		s.text("on")
		info, err := f.cursor.Stat()
		if err := s.expectError(err); err != nil {
			return err
		}
		return s.expect(numbers{"segments": uint64(info.Segments), "first_sequence": info.FirstSequence,
			"next_sequence": info.NextSequence, "bytes": info.Bytes, "torn_bytes": info.TornBytes,
			"torn_offset": info.TornOffset})
	}
	info, err := r.journal(s).Stat(context.Background())
	if err := s.expectError(err); err != nil {
		return err
	}
	return s.expect(numbers{"segments": uint64(info.Segments), "first_sequence": info.FirstSequence,
		"next_sequence": info.NextSequence, "durable_sequence": info.DurableSequence, "bytes": info.Bytes,
		"torn_bytes": info.TornBytes, "torn_offset": info.TornOffset})
}

func (r *runner) close(s *step) error {
	if name := s.peekOr("on", "j"); r.followers[name] != nil {
		s.text("on")
		defer delete(r.followers, name)
		return s.expectError(r.followers[name].cursor.Close())
	} else {
		defer delete(r.journals, name)
	}
	return s.expectError(r.journal(s).Close())
}

func (r *runner) abandon(*step) error {
	old := r.folder
	r.folder = makeFolder()
	err := copyFolder(old, r.folder)
	r.closeAll()
	return errors.Join(err, os.RemoveAll(old))
}

func copyFolder(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		relative, _ := filepath.Rel(from, path)
		return copyEntry(path, filepath.Join(to, relative), entry)
	})
}

func copyEntry(from, to string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	switch {
	case entry.IsDir():
		return os.Mkdir(to, info.Mode().Perm())
	case entry.Type() == fs.ModeSymlink:
		target, err := os.Readlink(from)
		return errors.Join(err, os.Symlink(target, to))
	}
	text, err := os.ReadFile(from)
	return errors.Join(err, os.WriteFile(to, text, info.Mode().Perm()), os.Chmod(to, info.Mode().Perm()))
}

// ---- steps that read ----

func readOptions(s *step) (opts []ministore.ReadOption, skips bool) {
	s.ifThere("from", func(n uint64) { opts = append(opts, ministore.WithFrom(n)) })
	s.ifThere("max_record_bytes", func(n uint64) { opts = append(opts, ministore.WithMaxRecordBytes(n)) })
	if skips = s.chosen("on_bad_line", "skip"); skips {
		opts = append(opts, ministore.WithSkipBadLines())
	}
	return opts, skips
}

func (r *runner) replay(s *step) error {
	path := r.path(s, "path")
	opts, skips := readOptions(s)
	if err := s.expectReading(ministore.Replay[[]byte](path, opts...), skips); err != nil {
		return err
	}
	return expectTornBytes(s, func() (*ministore.Cursor[[]byte], error) { return ministore.OpenCursor[[]byte](path, opts...) })
}

func (r *runner) stream(s *step) error {
	path := r.path(s, "path")
	opts, skips := readOptions(s)
	if err := s.expectReading(ministore.Stream[[]byte](path, opts...), skips); err != nil {
		return err
	}
	return expectTornBytes(s, func() (*ministore.Cursor[[]byte], error) { return ministore.OpenStream[[]byte](path, opts...) })
}

func expectTornBytes(s *step, open func() (*ministore.Cursor[[]byte], error)) error {
	if !s.has("torn_bytes") {
		return nil
	}
	c, err := open()
	if err != nil {
		return err
	}
	defer c.Close()
	for range c.Records() {
	}
	info, err := c.Stat()
	if err != nil {
		return err
	}
	return s.expect(numbers{"torn_bytes": info.TornBytes})
}

func (r *runner) follow(s *step) error {
	opts, skips := readOptions(s)
	if s.isTrue("at_end") {
		opts = append(opts, ministore.WithAtEnd())
	}
	name := s.textOr("as", "c")
	c, err := ministore.OpenCursor[[]byte](r.path(s, "path"), append(opts, ministore.WithDurable(true))...)
	if err == nil {
		r.followers[name] = &follower{cursor: c, skips: skips}
	}
	return s.expectError(err)
}

func (r *runner) next(s *step) error {
	f := r.follower(s)
	return s.expectReading(f.cursor.Records(), f.skips)
}

// wait gives what is expected to be ready all the time it may need, as a test has no time limits.
func (r *runner) wait(s *step) error {
	f, want := r.follower(s), s.text("result")
	timeout := time.Duration(s.number("timeout_ms")) * time.Millisecond
	if want == "ready" {
		timeout = time.Hour
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if f.interrupted {
		f.interrupted = false
		cancel()
	}
	err := f.cursor.Wait(ctx)
	got := "ready"
	switch {
	case errors.Is(err, context.Canceled):
		got = "interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		got = "timeout"
	case err != nil:
		return err
	}
	if got != want {
		return fmt.Errorf("expected %q, got %q", want, got)
	}
	return nil
}

func (r *runner) interrupt(s *step) error {
	r.follower(s).interrupted = true
	return nil
}

// ---- steps of care ----

func (r *runner) verify(s *step) error {
	var opts []ministore.VerifyOption
	s.ifThere("max_record_bytes", func(n uint64) { opts = append(opts, ministore.WithMaxRecordBytes(n)) })
	info, err := ministore.Verify(r.path(s, "path"), opts...)
	return errors.Join(s.expectError(err), s.expect(numbers{"segments": uint64(info.Segments), "records": info.Records,
		"bytes": info.Bytes, "problems": info.Problems, "torn_bytes": info.TornBytes, "uncovered": info.Uncovered,
		"first_sequence": info.FirstSequence, "next_sequence": info.NextSequence}))
}

func (r *runner) repair(s *step) error {
	var opts []ministore.RepairOption
	s.ifThere("max_record_bytes", func(n uint64) { opts = append(opts, ministore.WithMaxRecordBytes(n)) })
	if s.isTrue("dry_run") {
		opts = append(opts, ministore.WithDryRun())
	}
	info, err := ministore.Repair(r.path(s, "path"), opts...)
	if err := s.expectError(err); err != nil {
		return err
	}
	return s.expect(numbers{"cut_bytes": info.CutBytes, "cut_offset": info.CutOffset, "cut_lines": info.CutLines,
		"cut_records": info.CutRecords, "archived_bad_lines": info.ArchivedBadLines, "next_sequence": info.NextSequence})
}

func (r *runner) json(s *step) error { return s.expectError(ministore.Validate(s.record("record"))) }

// ---- steps on files ----

func (r *runner) put(s *step) error {
	path, text := r.path(s, "file"), s.bytes()
	if !s.has("at") {
		return os.WriteFile(path, text, 0o600)
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if s.peekOr("at", "") == "end" {
		s.text("at")
		_, err = file.Seek(0, io.SeekEnd)
	} else {
		_, err = file.Seek(int64(s.number("at")), io.SeekStart)
	}
	if err == nil {
		_, err = file.Write(text)
	}
	return err
}

func (r *runner) cut(s *step) error   { return os.Truncate(r.path(s, "file"), int64(s.number("bytes"))) }
func (r *runner) mkdir(s *step) error { return os.Mkdir(r.path(s, "file"), 0o755) }
func (r *runner) link(s *step) error  { return os.Link(r.path(s, "target"), r.path(s, "file")) }
func (r *runner) symlink(s *step) error {
	return os.Symlink(s.text("target"), r.path(s, "file"))
}
func (r *runner) fifo(s *step) error   { return syscall.Mkfifo(r.path(s, "file"), 0o600) }
func (r *runner) chmod(s *step) error  { return os.Chmod(r.path(s, "file"), s.mode()) }
func (r *runner) rename(s *step) error { return os.Rename(r.path(s, "file"), r.path(s, "to")) }
func (r *runner) remove(s *step) error { return os.Remove(r.path(s, "file")) }

func (r *runner) files(s *step) error {
	var got []string
	err := filepath.WalkDir(r.folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(r.folder, path)
			got = append(got, name)
		}
		return err
	})
	want := s.names()
	sort.Strings(got)
	sort.Strings(want)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("expected the files %q, got %q (%v)", want, got, err)
	}
	for _, name := range want {
		if err := expectFile(filepath.Join(r.folder, name), newStep(s.field(name))); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func expectFile(path string, s *step) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if s.has("target") {
		target, err := os.Readlink(path)
		if want := s.text("target"); err != nil || target != want {
			return fmt.Errorf("expected a link to %q, got %q (%v)", want, target, err)
		}
	}
	if s.has("mode") {
		if want := s.mode(); info.Mode().Perm() != want {
			return fmt.Errorf("expected mode %o, got %o", want, info.Mode().Perm())
		}
	}
	if s.has("text") || s.has("hex") || s.has("parts") {
		text, err := os.ReadFile(path)
		if want := s.bytes(); err != nil || !bytes.Equal(text, want) {
			return fmt.Errorf("expected %q, got %q (%v)", abbreviate(want), abbreviate(text), err)
		}
	}
	if err := s.expect(numbers{"bytes": uint64(info.Size())}); err != nil {
		return err
	}
	return s.unread()
}

// ---- a step's fields: each is read once, and what nobody has read is a failure ----

type step struct{ fields map[string]json.RawMessage }

type scenarioMistake string

type numbers map[string]uint64

func newStep(text []byte) *step {
	s := new(step)
	if err := json.Unmarshal(text, &s.fields); err != nil {
		s.mistake("%s is no object: %v", text, err)
	}
	return s
}

func (s *step) mistake(format string, arguments ...any) {
	panic(scenarioMistake(fmt.Sprintf(format, arguments...)))
}

func (s *step) unread() error {
	if len(s.fields) > 0 {
		return fmt.Errorf("this runner knows no field of this name here: %q", s.names())
	}
	return nil
}

func (s *step) names() (names []string) {
	for name := range s.fields {
		names = append(names, name)
	}
	return names
}

func (s *step) has(field string) bool { return s.fields[field] != nil }

func (s *step) field(name string) json.RawMessage {
	if !s.has(name) {
		s.mistake("the field %q is missing", name)
	}
	text := s.fields[name]
	delete(s.fields, name)
	return text
}

func (s *step) decode(text json.RawMessage, out any) {
	if err := json.Unmarshal(text, out); err != nil {
		s.mistake("%s: %v", text, err)
	}
}

func (s *step) text(field string) (text string) {
	s.decode(s.field(field), &text)
	return text
}

func (s *step) textOr(field, otherwise string) string {
	if !s.has(field) {
		return otherwise
	}
	return s.text(field)
}

// peekOr looks at a field and leaves it unread.
func (s *step) peekOr(field, otherwise string) (text string) {
	if !s.has(field) {
		return otherwise
	}
	s.decode(s.fields[field], &text)
	return text
}

func (s *step) number(field string) uint64 {
	text := s.text(field)
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		s.mistake("%q is no number", text)
	}
	return n
}

func (s *step) ifThere(field string, use func(uint64)) {
	if s.has(field) {
		use(s.number(field))
	}
}

// chosen reads a field that has one value only, if it is there at all.
func (s *step) chosen(field, value string) bool {
	if !s.has(field) {
		return false
	}
	if got := s.text(field); got != value {
		s.mistake("%q is no value of %s", got, field)
	}
	return true
}

func (s *step) isTrue(field string) (is bool) {
	if s.has(field) {
		s.decode(s.field(field), &is)
	}
	return is
}

func (s *step) mode() fs.FileMode {
	n, err := strconv.ParseUint(s.text("mode"), 8, 9)
	if err != nil {
		s.mistake("mode: %v", err)
	}
	return fs.FileMode(n)
}

// bytes reads the fields that describe bytes.
func (s *step) bytes() []byte {
	var out []byte
	switch {
	case s.has("text"):
		out = []byte(s.text("text"))
	case s.has("hex"):
		var err error
		if out, err = hex.DecodeString(s.text("hex")); err != nil {
			s.mistake("hex: %v", err)
		}
	default:
		var parts []json.RawMessage
		s.decode(s.field("parts"), &parts)
		for _, part := range parts {
			out = append(out, wholly(newStep(part))...)
		}
	}
	if s.has("repeat") {
		out = bytes.Repeat(out, int(s.number("repeat")))
	}
	return out
}

// wholly reads an object that describes bytes and nothing else.
func wholly(s *step) []byte {
	out := s.bytes()
	if err := s.unread(); err != nil {
		s.mistake("%v", err)
	}
	return out
}

func (s *step) asRecord(text json.RawMessage) []byte {
	if text[0] == '{' {
		return wholly(newStep(text))
	}
	var record string
	s.decode(text, &record)
	return []byte(record)
}

func (s *step) record(field string) []byte { return s.asRecord(s.field(field)) }

func (s *step) records(field string) [][]byte {
	var texts []json.RawMessage
	s.decode(s.field(field), &texts)
	records := make([][]byte, len(texts))
	for i, text := range texts {
		records[i] = s.asRecord(text)
	}
	return records
}

// ---- expectations ----

// expect compares those numbers that the step expects.
func (s *step) expect(got numbers) error {
	for field, n := range got {
		if !s.has(field) {
			continue
		}
		if want := s.number(field); want != n {
			return fmt.Errorf("expected %s %d, got %d", field, want, n)
		}
	}
	return nil
}

// expectError compares a step's outcome with its field error. With an expected failure there is no other expectation.
func (s *step) expectError(err error) error {
	if !s.has("error") {
		return err
	}
	return matchError(newStep(s.field("error")), err)
}

func matchError(want *step, err error) error {
	var got *ministore.Error
	code := want.text("code")
	if !errors.As(err, &got) {
		return fmt.Errorf("expected the error %s, got %v", code, err)
	}
	if got.Status.String() != code {
		return fmt.Errorf("expected the error %s, got %s: %v", code, got.Status, err)
	}
	if !errors.Is(err, got.Status) {
		return fmt.Errorf("errors.Is does not know %v as %s", err, code)
	}
	if want.has("segment") {
		if segment := want.text("segment"); got.Segment != segment {
			return fmt.Errorf("expected an error in %q, got one in %q: %v", segment, got.Segment, err)
		}
	}
	if err := want.expect(numbers{"line": got.Line, "offset": got.Offset, "sequence": got.Sequence}); err != nil {
		return fmt.Errorf("%w: %v", err, got)
	}
	return want.unread()
}

func (s *step) expectReading(records iter.Seq2[ministore.Record[[]byte], error], skips bool) error {
	var texts [][]byte
	var sequences []uint64
	var failures []error
	for rec, err := range records {
		if err != nil {
			failures = append(failures, err)
			continue
		}
		texts = append(texts, rec.Value)
		sequences = append(sequences, rec.Sequence)
	}
	return errors.Join(s.expectFailures(failures, skips), s.expectRecords(texts), s.expectSequences(sequences))
}

func (s *step) expectRecords(got [][]byte) error {
	var want [][]byte
	if s.has("records") {
		want = s.records("records")
	}
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i], want[i]) {
			return fmt.Errorf("expected record %q, got %q", abbreviate(want[i]), abbreviate(got[i]))
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("expected %d records, got %d", len(want), len(got))
	}
	return nil
}

func (s *step) expectSequences(got []uint64) error {
	if !s.has("sequences") {
		return nil
	}
	var want []string
	s.decode(s.field("sequences"), &want)
	if fmt.Sprint(want) != fmt.Sprint(got) {
		return fmt.Errorf("expected the sequence numbers %v, got %v", want, got)
	}
	return nil
}

// expectFailures compares the errors of a reading: those that were passed, and the one that ended it.
func (s *step) expectFailures(got []error, skips bool) error {
	var last error
	if n := len(got); n > 0 && (!skips || s.has("error")) {
		got, last = got[:n-1], got[n-1]
	}
	if err := s.expectError(last); err != nil {
		return err
	}
	var want []json.RawMessage
	if s.has("errors") {
		s.decode(s.field("errors"), &want)
	}
	for i := range min(len(got), len(want)) {
		if err := matchError(newStep(want[i]), got[i]); err != nil {
			return err
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("expected %d errors to be passed, got %d: %v", len(want), len(got), errors.Join(got...))
	}
	return nil
}
