package ministore

// What needs no open journal: checking one, repairing one, checking JSON, the library's version.

/*
#include <stdlib.h>
#include "ministore.h"
*/
import "C"

import "unsafe"

// VerifyInfo tells what [Verify] found.
type VerifyInfo struct {
	Segments      uint32
	Records       uint64 // good ones
	Bytes         uint64
	Problems      uint64 // bad lines, headers, numbers, digests, segments
	TornBytes     uint64 // a torn tail behind the last complete commit: no problem, Open cuts it
	Uncovered     uint64 // archived segments whose digest the next one does not carry
	FirstSequence uint64
	NextSequence  uint64
}

// RepairInfo tells what [Repair] did, or would do.
type RepairInfo struct {
	CutBytes         uint64 // cut from the active segment and saved to P.torn; 0: nothing was to be done
	CutOffset        uint64 // where the cut began
	CutLines         uint64 // ended lines among them
	CutRecords       uint64 // good records among them: the price of the repair
	ArchivedBadLines uint64 // left as they are: readers go round them
	NextSequence     uint64 // the number the next record gets afterwards
}

// Verify checks every header, line, number and digest of the journal at path. It changes nothing and needs no lock. The
// error is the first problem; the info is filled also then.
func Verify(path string, opts ...VerifyOption) (VerifyInfo, error) {
	config := newCareConfig()
	for _, o := range opts {
		o.applyVerify(config)
	}
	name, err := cPath(path)
	if err != nil {
		return VerifyInfo{}, err
	}
	defer C.free(unsafe.Pointer(name))
	info := C.ministore_verify_info{struct_size: C.sizeof_ministore_verify_info}
	var failure C.ministore_error
	collectGarbage()
	if status := C.ministore_verify(name, C.uint64_t(config.maxRecordBytes), &info, &failure); status < 0 {
		err = goError(status, &failure)
	}
	return VerifyInfo{
		Segments:      uint32(info.segments),
		Records:       uint64(info.records),
		Bytes:         uint64(info.bytes),
		Problems:      uint64(info.problems),
		TornBytes:     uint64(info.torn_bytes),
		Uncovered:     uint64(info.uncovered),
		FirstSequence: uint64(info.first_sequence),
		NextSequence:  uint64(info.next_sequence),
	}, err
}

// Repair makes the journal at path writable again: it cuts the active segment from its first bad commit on and saves
// the bytes to P.torn. No record that stays changes its number, archived segments are never changed. [WithDryRun] only
// tells what would be done. It takes the writer's lock.
func Repair(path string, opts ...RepairOption) (RepairInfo, error) {
	config := newCareConfig()
	for _, o := range opts {
		o.applyRepair(config)
	}
	name, err := cPath(path)
	if err != nil {
		return RepairInfo{}, err
	}
	defer C.free(unsafe.Pointer(name))
	var dry C.uint32_t
	if config.dryRun {
		dry = 1
	}
	info := C.ministore_repair_info{struct_size: C.sizeof_ministore_repair_info}
	var failure C.ministore_error
	collectGarbage()
	if status := C.ministore_repair(name, dry, C.uint64_t(config.maxRecordBytes), &info, &failure); status < 0 {
		err = goError(status, &failure)
	}
	return RepairInfo{
		CutBytes:         uint64(info.cut_bytes),
		CutOffset:        uint64(info.cut_offset),
		CutLines:         uint64(info.cut_lines),
		CutRecords:       uint64(info.cut_records),
		ArchivedBadLines: uint64(info.archived_bad_lines),
		NextSequence:     uint64(info.next_sequence),
	}, err
}

// Validate checks that data is one JSON text as Append takes it: strict JSON in UTF-8, at most 128 levels of nesting, no
// lone surrogate escape. White space around it, line feeds included, is allowed here. The error, [ErrInvalidJSON],
// tells the byte by its Offset.
func Validate(data []byte) error {
	if isValid(data) {
		return nil
	}
	return validate(data)
}

// isValid asks without details: those take nearly 2 KiB.
func isValid(data []byte) bool {
	return C.ministore_json_validate(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), nil) == C.MINISTORE_OK
}

func validate(data []byte) error {
	var failure C.ministore_error
	status := C.ministore_json_validate(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), &failure)
	if status < 0 {
		return goError(status, &failure)
	}
	return nil
}

// Version is the C library's version, such as "0.2.0".
func Version() string { return C.GoString(C.ministore_version()) }
