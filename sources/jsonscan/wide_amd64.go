package jsonscan

import "golang.org/x/sys/cpu"

//go:generate go run -C ../../tools/asmgen ./jsonscan -dir ../../sources/jsonscan

// wide says whether the machine has vectors of 64 bytes and what goes with
// them. Without, the same is done byte by byte, in Go.
func wide() bool { return cpu.X86.HasAVX512BW && cpu.X86.HasBMI2 && cpu.X86.HasPCLMULQDQ }

// closingQuote returns the place of the first quote with an even number of
// backslashes right before it, -1 without one.
//
//go:noescape
func closingQuote(text *byte, n int) int

// plainEscapes copies a text and resolves escapes of two bytes, up to one that
// is longer or unknown. high says that a byte that is not ASCII was seen. It
// writes nothing beyond n bytes.
//
//go:noescape
func plainEscapes(dst, text *byte, n int) (read, wrote int, high bool)

// closingBracket returns the place behind the bracket that closes the outermost
// of depth open ones. Their kinds are the low bits of open, the innermost
// lowest, 1 for '{'. It returns -1 where brackets do not match or are deeper
// than room, which is below 64, where a backslash is outside a string and where
// the text ends.
//
//go:noescape
func closingBracket(text *byte, n int, open uint64, depth, room int) int
