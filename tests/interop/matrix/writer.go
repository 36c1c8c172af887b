// The Go side of the matrix of languages. `append JOURNAL SEGMENT_BYTES` appends the lines of stdin as records, two
// thirds one by one and the rest as one commit; `replay JOURNAL` prints all records.
package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log"
	"os"
	"strconv"

	"github.com/ministore/ministore/go"
)

func appendAll(path, segmentBytes string) error {
	limit, err := strconv.ParseUint(segmentBytes, 10, 64)
	if err != nil {
		return err
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	journal, err := ministore.Open[[]byte](path, ministore.WithMaxBytesPerSegment(limit))
	if err != nil {
		return err
	}
	records := bytes.Split(bytes.TrimSuffix(input, []byte("\n")), []byte("\n"))
	singles := len(records) * 2 / 3
	for _, record := range records[:singles] {
		if _, err := journal.Append(context.Background(), record); err != nil {
			return err
		}
	}
	if _, err := journal.AppendBatch(context.Background(), records[singles:]); err != nil {
		return err
	}
	return journal.Close()
}

func replay(path string) error {
	out := bufio.NewWriter(os.Stdout)
	for record, err := range ministore.Replay[[]byte](path) {
		if err != nil {
			return err
		}
		out.Write(record.Value)
		out.WriteByte('\n')
	}
	return out.Flush()
}

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "append":
		err = appendAll(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "replay":
		err = replay(os.Args[2])
	default:
		log.Fatal("usage: append JOURNAL SEGMENT_BYTES | replay JOURNAL")
	}
	if err != nil {
		log.Fatal(err)
	}
}
