package main

import (
	"testing"

	"github.com/swerm/swerm/tools/asmgen/fresh"
)

// TestFresh: the committed machine code is what this generator writes.
func TestFresh(t *testing.T) { fresh.Check(t, "../../..", "internal/knownsum", generate) }
