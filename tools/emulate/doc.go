// Command emulate runs Go tests of this module on an emulated processor, for
// machine code that the machine at hand cannot run: Bochs emulates a Xeon with
// AVX-512 and AMX, boots a Linux kernel in it and runs the test binaries.
//
// It shows that the code is correct, never how fast it is: every instruction
// is interpreted, wide ones about a thousand times slower than by a processor,
// and the clock of the guest counts instructions.
//
//	go run -C tools ./emulate [flags] PACKAGE...
//
// or, with the same defaults, `make emulate PKGS='./moe/kernel ./moe' RUN=Gradient`.
//
// The first run fetches and builds what it needs (see fetch.sh) into a folder
// of the user's cache. Packages are named as for go test, relative to the root
// of the module, and any of them may be named: a package needs nothing in this
// folder to be run here. Its tests see the files of their own folder's
// testdata and what -files names, at the paths that these have on this machine,
// and neither a Go toolchain nor a network.
//
// The exit status is 0 only if each package ran at least one test and ended
// with PASS.
package main
