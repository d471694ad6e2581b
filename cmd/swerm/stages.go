package main

import (
	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/judge/report"
	"github.com/swerm/swerm/labeler"
	"github.com/swerm/swerm/microgym"
	"github.com/swerm/swerm/microgym/planted"
	"github.com/swerm/swerm/mixer"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/trainer"
)

// stages is the list of everything that a run file can name.
func stages() []*pipeline.Stage {
	return []*pipeline.Stage{
		planted.Stage(),
		microgym.WorldStage(),
		microgym.CollectStage(),
		sources.Stage(),
		labeler.ReportsStage(),
		labeler.GradeStage(),
		labeler.ExecStage(microgymHarness()),
		mixer.SplitStage(),
		mixer.MixStage(),
		contract.TokenizerStage(),
		contract.TokenizeStage(),
		trainer.Stage(),
		judge.ScoreStage(),
		judge.CalibrateStage(),
		judge.EvaluateStage(),
		report.Stage(),
		report.ScaleStage(),
	}
}

// kernelFamily names the float kernels of this process.
func kernelFamily() string { return moe.KernelFamily() }
