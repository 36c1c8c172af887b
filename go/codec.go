package ministore

// How values become records and records values.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Borrowed is a record's own bytes for a loop that is done with them at the end of each turn: what was read is good until
// the next record is asked for, as its memory is used again. So reading makes no garbage, and is quicker than into
// [json.RawMessage] or []byte. To keep a record, clone it. What is appended stays the caller's.
type Borrowed []byte

// A Codec turns values into JSON texts and back, as the functions Marshal and Unmarshal of encoding/json do. Marshal
// is given a T, Unmarshal a pointer to one. It is called by many goroutines at once. Unmarshal may keep parts of data.
type Codec interface {
	Marshal(v any) ([]byte, error)
	Unmarshal(data []byte, v any) error
}

// standard is encoding/json, but texts stay as people read them (no \u003c for <), and numbers in interface values
// stay as they are written.
type standard struct{}

func (standard) Marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (standard) Unmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.InputOffset() != int64(len(data)) {
		return fmt.Errorf("something follows the value at byte %d", d.InputOffset())
	}
	return nil
}

// rawBytes sees v as the bytes of a record, if its type stands for them; else it is nil.
func rawBytes[T any](v *T) *[]byte {
	switch p := any(v).(type) {
	case *[]byte:
		return p
	case *json.RawMessage:
		return (*[]byte)(p)
	case *Borrowed:
		return (*[]byte)(p)
	}
	return nil
}

func isRaw[T any]() bool { return rawBytes(new(T)) != nil }

func isBorrowed[T any]() bool {
	_, is := any(new(T)).(*Borrowed)
	return is
}

func encoder[T any](codec Codec) func(T) ([]byte, error) {
	if codec == nil && isRaw[T]() {
		return func(v T) ([]byte, error) { return *rawBytes(&v), nil }
	}
	if codec == nil {
		codec = standard{}
	}
	return func(v T) ([]byte, error) { return codec.Marshal(v) }
}

// decoder returns values, not into a pointer, so that raw records need no memory of their own.
func decoder[T any](codec Codec) func([]byte) (T, error) {
	if codec == nil && isRaw[T]() {
		return func(data []byte) (v T, err error) {
			*rawBytes(&v) = data
			return v, nil
		}
	}
	unmarshal := standard{}.Unmarshal
	switch {
	case codec != nil:
		unmarshal = codec.Unmarshal
	case !holdsInterface(reflect.TypeFor[T](), map[reflect.Type]bool{}):
		unmarshal = json.Unmarshal // the same in that case, and quicker
	}
	return func(data []byte) (T, error) {
		v := new(T)
		err := unmarshal(data, v)
		return *v, err
	}
}

// holdsInterface tells whether a value of the type may hold, somewhere inside, what only decoding gives a type.
func holdsInterface(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsInterface(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsInterface(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}
