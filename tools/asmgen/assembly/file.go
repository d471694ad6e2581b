// Package assembly is what the generators of machine code here have in common:
// a file of functions for amd64, its text, and writing it into the package it
// is for. What the functions compute is each generator's own.
package assembly

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// Main is the whole of a generator's command: it writes every file, by name,
// into the folder that the flag -dir names.
func Main(folder string, generate func() (map[string][]byte, error)) {
	out := flag.String("dir", folder, "folder of the package")
	flag.Parse()
	files, err := generate()
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(*out, name), text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// A File is an assembly file being made.
type File struct {
	*build.Context
	generator, pkg string
}

// New begins a file of the package pkg, which says which generator wrote it.
func New(generator, pkg string) *File {
	f := &File{Context: build.NewContext(), generator: generator, pkg: pkg}
	f.ConstraintExpr("amd64")
	return f
}

// Func begins a function and loads parameters of it, which are words.
func (f *File) Func(name, signature string, params ...string) []reg.GPVirtual {
	f.Function(name)
	f.Attributes(attr.NOSPLIT)
	f.SignatureExpr("func" + signature)
	return f.Params(params...)
}

// Params loads parameters of the function, which are words.
func (f *File) Params(names ...string) []reg.GPVirtual {
	regs := make([]reg.GPVirtual, len(names))
	for i, name := range names {
		regs[i] = f.GP64()
		f.Load(f.Param(name), regs[i])
	}
	return regs
}

// Text is the file, with registers allocated.
func (f *File) Text() ([]byte, error) {
	file, err := f.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	return printer.NewGoAsm(printer.Config{Name: f.generator, Pkg: f.pkg}).Print(file)
}
