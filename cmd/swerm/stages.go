package main

import (
	"github.com/swerm/swerm/microgym/planted"
	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources"
)

// stages is the list of everything that a run file can name.
func stages() []*pipeline.Stage {
	return []*pipeline.Stage{
		planted.Stage(),
		sources.Stage(),
	}
}

// kernelFamily names the float kernels of this process.
func kernelFamily() string {
	f, err := kernel.FromEnv()
	if err != nil {
		return kernel.Detect().String()
	}
	return f.String()
}
