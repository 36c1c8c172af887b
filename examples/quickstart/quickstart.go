// Appends a greeting to the journal given as argument, then reads all records back.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/ministore/ministore/go"
)

type event struct {
	Event string `json:"event"`
	From  string `json:"from"`
}

func main() {
	path := os.Args[1]
	journal, err := ministore.Open[event](path)
	if err != nil {
		log.Fatal(err)
	}
	number, err := journal.Append(context.Background(), event{"hello", "Go"})
	if err != nil {
		log.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		log.Fatal(err)
	}

	count := 0
	for _, err := range ministore.Replay[[]byte](path) {
		if err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Printf("Go appended record %d and read %d records back\n", number, count)
}
