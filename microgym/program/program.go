package program

import (
	"math/rand/v2"
	"slices"
)

// Template is a family of programs that do the same job.
type Template struct {
	Name   string // snake_case, unique: names the template for hold-out
	Domain string // the file of this package it comes from, e.g. "money"
	Build  func(r *rand.Rand) Program
}

// Program is one member of a family: correct source, and what to call in it.
type Program struct {
	Package string            // folder name, e.g. "shelf"
	Files   map[string]string // correct source by path: "shelf/pricing.star", …
	Target  string            // path of the module whose functions may carry the bug
	Funcs   []Func            // public functions of Target and those that reach it from another module
}

// Func is a function that tests may call.
type Func struct {
	Name    string
	File    string
	Summary string   // what a user would say it does: "caps a discount at the largest allowed share"
	Cases   []string // call expressions with literal arguments, from ordinary to edge
}

// Templates lists every template, in a fixed order.
func Templates() []Template {
	return slices.Concat(
		numbers(),
		money(),
		units(),
		sequences(),
		grids(),
		text(),
		parsing(),
		collections(),
		graphs(),
		state(),
		scheduling(),
	)
}
