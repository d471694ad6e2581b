// Package all lists the trajectory formats that the importer knows. A format
// that is not in this list does not exist for it: there is no registration
// behind the reader's back, and the order here is the order in which formats
// are named in errors.
package all

import (
	"github.com/swerm/swerm/sources/adp"
	"github.com/swerm/swerm/sources/aider"
	"github.com/swerm/swerm/sources/atif"
	"github.com/swerm/swerm/sources/autocoderover"
	"github.com/swerm/swerm/sources/claudecode"
	"github.com/swerm/swerm/sources/codex"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/inspectai"
	"github.com/swerm/swerm/sources/miniswe"
	"github.com/swerm/swerm/sources/moatless"
	"github.com/swerm/swerm/sources/nebius"
	"github.com/swerm/swerm/sources/openai"
	"github.com/swerm/swerm/sources/openhands"
	"github.com/swerm/swerm/sources/openhandslog"
	"github.com/swerm/swerm/sources/patchonly"
	"github.com/swerm/swerm/sources/r2egym"
	"github.com/swerm/swerm/sources/sharegpt"
	"github.com/swerm/swerm/sources/sweagent"
	"github.com/swerm/swerm/sources/terminalbench"
	"github.com/swerm/swerm/sources/trae"
	"github.com/swerm/swerm/sources/verifier"
)

// Formats returns every known format.
func Formats() []format.Format {
	return []format.Format{
		adp.Format{},
		aider.Format{},
		atif.Format{},
		autocoderover.Format{},
		claudecode.Format{},
		codex.Format{},
		inspectai.Format{},
		miniswe.Format{},
		moatless.Format{},
		nebius.Format{},
		openai.Format{},
		openhands.Format{},
		openhands.Conversation{},
		openhandslog.Format{},
		patchonly.Format{},
		r2egym.Format{},
		sharegpt.Format{},
		sweagent.Format{},
		terminalbench.Format{},
		trae.Format{},
		verifier.Format{},
	}
}
