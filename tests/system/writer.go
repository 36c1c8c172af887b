// The Go side of the kill test (kill.py). `append JOURNAL SEGMENT_BYTES` appends for ever and prints the last number of
// each commit once it is acknowledged; `follow JOURNAL` prints number and text of each record.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"github.com/ministore/ministore/go"
)

const kept = 500

func textOf(n uint64) []byte {
	pad := int(n * 19 % 53)
	if n%97 == 0 {
		pad = 20000
	}
	return fmt.Appendf(nil, `{"n":%d,"pad":"%s"}`, n, strings.Repeat("x", pad))
}

func appendForEver(path, segmentBytes string) error {
	ctx := context.Background()
	limit, err := strconv.ParseUint(segmentBytes, 10, 64)
	if err != nil {
		return err
	}
	journal, err := ministore.Open[[]byte](path, ministore.WithMaxBytesPerSegment(limit))
	if err != nil {
		return err
	}
	info, err := journal.Stat(ctx)
	if err != nil {
		return err
	}
	n := info.NextSequence
	fmt.Println("begin", n)
	if n > kept {
		if _, err := journal.Prune(ctx, n-kept); err != nil {
			return err
		}
	}
	for {
		texts := [][]byte{textOf(n)}
		if n%3 == 0 {
			texts = append(texts, textOf(n+1), textOf(n+2), textOf(n+3), textOf(n+4))
		}
		var last uint64
		if len(texts) == 1 {
			last, err = journal.Append(ctx, texts[0])
		} else {
			last, err = journal.AppendBatch(ctx, texts)
		}
		if err != nil {
			return err
		}
		fmt.Println(last)
		n += uint64(len(texts))
	}
}

func follow(path string) error {
	for record, err := range ministore.Follow[[]byte](context.Background(), path) {
		if err != nil {
			return err
		}
		fmt.Printf("%d\t%s\n", record.Sequence, record.Value)
	}
	return nil
}

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "append":
		err = appendForEver(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "follow":
		err = follow(os.Args[2])
	default:
		log.Fatal("usage: append JOURNAL SEGMENT_BYTES | follow JOURNAL")
	}
	if err != nil {
		log.Fatal(err)
	}
}
