module github.com/ministore/ministore

go 1.23
