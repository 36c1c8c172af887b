// Goal: a program outside the tree builds with the Go package in every way that Go programs get and build modules, by a
// C compiler alone, or with an installed libministore. Method: the module zip of this checkout is made as `go get` of a
// published version would see it, and a consumer in a temporary folder is built from it and run.
//
// A module of its own: what it needs is no dependency of the package, and no part of its zip.
package packages

import (
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const (
	checkout = "../../.."
	version  = "v0.2.0"
	name     = "github.com/ministore/ministore"
)

const consumer = `package main

import (
	"context"
	"fmt"
	"os"

	ministore "github.com/ministore/ministore/go"
)

func main() {
	j, err := ministore.Open[int](os.Args[1])
	if err != nil {
		panic(err)
	}
	if _, err := j.AppendBatch(context.Background(), []int{1, 2}); err != nil {
		panic(err)
	}
	if err := j.Close(); err != nil {
		panic(err)
	}
	for rec, err := range ministore.Replay[int](os.Args[1]) {
		fmt.Println(rec.Sequence, rec.Value, err)
	}
}
`

const consumerPrints = "1 1 <nil>\n2 2 <nil>\n"

// command runs a program in a folder. Nothing of the surrounding module or of its network settings comes in.
func command(t *testing.T, folder string, environment []string, program string, arguments ...string) string {
	t.Helper()
	c := exec.Command(program, arguments...)
	c.Dir = folder
	c.Env = append(os.Environ(), "GOFLAGS=-modcacherw", "GOWORK=off", "GOSUMDB=off", "GOPROXY=off", "CGO_ENABLED=1")
	c.Env = append(c.Env, environment...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s in %s: %v\n%s", program, strings.Join(arguments, " "), folder, err, out)
	}
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// makeZip makes the zip of the module as the module proxy does.
func makeZip(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := zip.CreateFromDir(file, module.Version{Path: name, Version: version}, committed(t)); err != nil {
		t.Fatal(err)
	}
}

// committed is a copy of the checkout without what is built in it.
func committed(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(checkout, func(path string, entry fs.DirEntry, err error) error {
		relative, _ := filepath.Rel(checkout, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (relative == "build" || relative == ".git"): // a worktree's .git is a file
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, relative), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(filepath.Join(to, relative), text, 0o644))
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// unpacked is the module as its zip holds it.
func unpacked(t *testing.T) string {
	t.Helper()
	path, folder := filepath.Join(t.TempDir(), "module.zip"), filepath.Join(t.TempDir(), "module")
	makeZip(t, path)
	if err := zip.Unzip(folder, module.Version{Path: name, Version: version}, path); err != nil {
		t.Fatal(err)
	}
	return folder
}

// newConsumer makes a program's folder; a module folder is used by replace.
func newConsumer(t *testing.T, replacement string) string {
	t.Helper()
	folder := t.TempDir()
	text := "module example.org/consumer\n\ngo 1.23\n\nrequire " + name + " " + version + "\n"
	if replacement != "" {
		text += "\nreplace " + name + " => " + replacement + "\n"
	}
	write(t, filepath.Join(folder, "go.mod"), text)
	write(t, filepath.Join(folder, "main.go"), consumer)
	return folder
}

func run(t *testing.T, folder string, environment ...string) {
	t.Helper()
	journal := filepath.Join(t.TempDir(), "j")
	if out := command(t, folder, environment, filepath.Join(folder, "consumer"), journal); out != consumerPrints {
		t.Errorf("expected %q, got %q", consumerPrints, out)
	}
}

func openProgram(t *testing.T, folder string) *elf.File {
	t.Helper()
	program, err := elf.Open(filepath.Join(folder, "consumer"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return program
}

func TestGetFromAProxy(t *testing.T) {
	proxy := t.TempDir()
	versions := filepath.Join(proxy, name, "@v")
	makeZip(t, filepath.Join(versions, version+".zip"))
	manifest, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(versions, version+".mod"), string(manifest))
	write(t, filepath.Join(versions, version+".info"), `{"Version":"`+version+`"}`)
	write(t, filepath.Join(versions, "list"), version+"\n")

	folder := t.TempDir()
	write(t, filepath.Join(folder, "go.mod"), "module example.org/consumer\n\ngo 1.23\n")
	write(t, filepath.Join(folder, "main.go"), consumer)
	environment := []string{"GOPROXY=file://" + proxy, "GOMODCACHE=" + t.TempDir()}
	command(t, folder, environment, "go", "get", name+"/go@"+version)
	command(t, folder, environment, "go", "build")
	run(t, folder)
}

func TestReplace(t *testing.T) {
	here, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	folder := newConsumer(t, here)
	command(t, folder, nil, "go", "build")
	run(t, folder)
}

func TestVendor(t *testing.T) {
	source := unpacked(t)
	folder := newConsumer(t, source)
	command(t, folder, nil, "go", "mod", "vendor")
	if err := os.RemoveAll(source); err != nil {
		t.Fatal(err)
	}
	command(t, folder, nil, "go", "build", "-mod=vendor")
	run(t, folder)
}

func TestStatic(t *testing.T) {
	folder := newConsumer(t, unpacked(t))
	command(t, folder, nil, "go", "build", "-ldflags", "-extldflags=-static")
	for _, part := range openProgram(t, folder).Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("the program is linked dynamically: it has %v", part.Type)
		}
	}
	run(t, folder)
}

// A c-shared library exports what is not hidden: two copies of the core in one process must not mix.
func TestTheCoreIsHidden(t *testing.T) {
	folder := newConsumer(t, unpacked(t))
	command(t, folder, nil, "go", "build", "-buildmode=c-shared", "-o", "consumer")
	symbols, err := openProgram(t, folder).DynamicSymbols()
	if err != nil || len(symbols) == 0 {
		t.Fatalf("%d symbols, %v", len(symbols), err)
	}
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, "ministore_") {
			t.Errorf("%s is exported", s.Name)
		}
	}
}

func TestTheSystemsLibrary(t *testing.T) {
	here, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	build, prefix := t.TempDir(), t.TempDir()
	command(t, here, nil, "cmake", "-S", here, "-B", build, "-DBUILD_TESTING=OFF", "-DCMAKE_INSTALL_LIBDIR=lib",
		"-DCMAKE_INSTALL_PREFIX="+prefix)
	command(t, here, nil, "cmake", "--build", build)
	command(t, here, nil, "cmake", "--install", build)

	folder := newConsumer(t, unpacked(t))
	command(t, folder, []string{"PKG_CONFIG_PATH=" + filepath.Join(prefix, "lib", "pkgconfig")},
		"go", "build", "-tags", "libministore")
	libraries, err := openProgram(t, folder).ImportedLibraries()
	if err != nil || !strings.Contains(strings.Join(libraries, " "), "libministore.so") {
		t.Errorf("the program links %v, %v", libraries, err)
	}
	run(t, folder, "LD_LIBRARY_PATH="+filepath.Join(prefix, "lib"))
}

func TestWithoutCgoTheCompilerNamesTheRemedy(t *testing.T) {
	c := exec.Command("go", "build")
	c.Dir = newConsumer(t, unpacked(t))
	c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "ministore_needs_cgo_set_CGO_ENABLED_1") {
		t.Errorf("got %v\n%s", err, out)
	}
}
