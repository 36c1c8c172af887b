// Command bench-go-peers measures the peers in Go: tidwall/wal, hashicorp/raft-wal, etcd's wal, and bbolt. Each has one
// writer at a time, so more of them share it behind a lock (bbolt gathers them by its own DB.Batch).
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftwal "github.com/hashicorp/raft-wal"
	"github.com/tidwall/wal"
	"go.etcd.io/bbolt"
	etcdwal "go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"

	"github.com/ministore/ministore/bench/go/harness"
)

const makeBatch = 1000

// A log is a peer as the works below use it.
type log interface {
	// write appends this many records, numbered from first, as one durable commit.
	write(first uint64, batch int)
	close()
}

var (
	record = harness.Record()
	place  = harness.Text("path", "peer")
)

// ---- tidwall/wal ----

type tidwall struct{ log *wal.Log }

func openTidwall(noSync bool) log {
	opened, err := wal.Open(place, &wal.Options{NoSync: noSync, NoCopy: true})
	harness.Must(err)
	return tidwall{opened}
}

func (t tidwall) write(first uint64, batch int) {
	if batch == 1 {
		harness.Must(t.log.Write(first, record))
		return
	}
	var b wal.Batch
	for i := range batch {
		b.Write(first+uint64(i), record)
	}
	harness.Must(t.log.WriteBatch(&b))
}

func (t tidwall) close() { harness.Must(t.log.Close()) }

func replayTidwall() int {
	opened := reading(openTidwall).(tidwall)
	last, err := opened.log.LastIndex()
	harness.Must(err)
	for i := uint64(1); i <= last; i++ {
		data, err := opened.log.Read(i)
		harness.Must(err)
		mustBeRecord(data)
	}
	return int(last)
}

var kept log

// reading keeps the log open from pass to pass: raft-wal's Close does not release the lock of its own metadata.
func reading(open func(noSync bool) log) log {
	if kept == nil {
		kept = open(true)
	}
	return kept
}

func mustBeRecord(data []byte) {
	if len(data) != harness.RecordBytes || data[0] != '{' {
		harness.Must(fmt.Errorf("not a record: %q", data))
	}
}

// ---- hashicorp/raft-wal ----

type hashicorp struct{ log *raftwal.WAL }

func openHashicorp(bool) log {
	harness.Must(os.MkdirAll(place, 0o700))
	opened, err := raftwal.Open(place, raftwal.WithLogger(hclog.NewNullLogger()))
	harness.Must(err)
	return hashicorp{opened}
}

func (h hashicorp) write(first uint64, batch int) {
	logs := make([]*raft.Log, batch)
	for i := range logs {
		logs[i] = &raft.Log{Index: first + uint64(i), Data: record}
	}
	harness.Must(h.log.StoreLogs(logs))
}

func (h hashicorp) close() { harness.Must(h.log.Close()) }

func replayHashicorp() int {
	opened := reading(openHashicorp).(hashicorp)
	last, err := opened.log.LastIndex()
	harness.Must(err)
	var entry raft.Log
	for i := uint64(1); i <= last; i++ {
		harness.Must(opened.log.GetLog(i, &entry))
		mustBeRecord(entry.Data)
	}
	return int(last)
}

// ---- etcd's wal ----

type etcd struct{ log *etcdwal.WAL }

func openEtcd(noSync bool) log {
	opened, err := etcdwal.Create(zap.NewNop(), place, nil)
	harness.Must(err)
	if noSync {
		opened.SetUnsafeNoFsync()
	}
	return etcd{opened}
}

func (e etcd) write(first uint64, batch int) {
	entries := make([]*raftpb.Entry, batch)
	for i := range entries {
		index, term := first+uint64(i), uint64(1)
		entries[i] = &raftpb.Entry{Index: &index, Term: &term, Data: record}
	}
	harness.Must(e.log.Save(&raftpb.HardState{}, entries))
}

func (e etcd) close() { harness.Must(e.log.Close()) }

// replayEtcd keeps all entries, as etcd does.
func replayEtcd() int {
	opened, err := etcdwal.OpenForRead(zap.NewNop(), place, &walpb.Snapshot{})
	harness.Must(err)
	defer opened.Close()
	_, _, entries, err := opened.ReadAll()
	harness.Must(err)
	mustBeRecord(entries[len(entries)-1].Data)
	return len(entries)
}

// ---- bbolt ----

type bolt struct{ db *bbolt.DB }

var bucket = []byte("j")

func openBolt(noSync bool) log {
	db, err := bbolt.Open(place, 0o600, &bbolt.Options{NoSync: noSync, NoFreelistSync: true})
	harness.Must(err)
	harness.Must(db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucket)
		if err == nil {
			b.FillPercent = 1
		}
		return err
	}))
	return bolt{db}
}

func (b bolt) write(first uint64, batch int) {
	harness.Must(b.db.Update(func(tx *bbolt.Tx) error {
		records := tx.Bucket(bucket)
		records.FillPercent = 1
		for i := range batch {
			if err := records.Put(binary.BigEndian.AppendUint64(nil, first+uint64(i)), record); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (b bolt) close() {
	harness.Must(b.db.Sync())
	harness.Must(b.db.Close())
}

func replayBolt() int {
	db, err := bbolt.Open(place, 0o600, &bbolt.Options{ReadOnly: true})
	harness.Must(err)
	defer db.Close()
	records := 0
	harness.Must(db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(bucket).Cursor()
		for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
			mustBeRecord(value)
			records++
		}
		return nil
	}))
	return records
}

// ---- works ----

var open = map[string]func(noSync bool) log{
	"tidwall": openTidwall, "raftwal": openHashicorp, "etcd": openEtcd, "bbolt": openBolt,
}

var replay = map[string]func() int{
	"tidwall": replayTidwall, "raftwal": replayHashicorp, "etcd": replayEtcd, "bbolt": replayBolt,
}

func peer() string { return harness.Text("peer", "") }

func runAppend() {
	opened := open[peer()](false)
	next := uint64(1)
	var mutex sync.Mutex
	harness.MeasureAppends(func(batch int) {
		mutex.Lock()
		defer mutex.Unlock()
		opened.write(next, batch)
		next += uint64(batch)
	})
}

func runMake() {
	opened := open[peer()](true)
	for done := 0; done < harness.Number("records", 1000); done += makeBatch {
		opened.write(uint64(done)+1, makeBatch)
	}
	opened.close()
}

func runReplay() { harness.MeasurePasses(replay[peer()]) }

func main() {
	harness.Run(map[string]func(){"append": runAppend, "make": runMake, "replay": runReplay})
}
