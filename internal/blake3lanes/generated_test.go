package blake3lanes

import (
	"testing"

	"github.com/swerm/swerm/internal/testproc"
)

func TestGenerated(t *testing.T) { testproc.GeneratorAgrees(t, "blake3lanes") }
