package knownsum

import (
	"testing"

	"github.com/swerm/swerm/internal/testproc"
)

func TestGenerated(t *testing.T) { testproc.GeneratorAgrees(t, "knownsum") }
