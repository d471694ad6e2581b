package rows

import (
	"slices"
	"strings"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
)

// A dataset is a public set of rows: how it is told from others, and what is
// known of all its rows that none of them says.
type dataset struct {
	name     string
	keys     []string // all of them stand in every row
	path     string   // or this is part of the file's path
	scaffold string
	source   string
	policy   string // as the set's card writes it
	folders  []folder
}

// A folder of a set holds the runs of one harness, or of one model.
type folder struct{ part, scaffold, policy string }

const qwenCoder = "Qwen/Qwen3-Coder-480B-A35B-Instruct"

// datasets is the closed list of sets that are known, the first that fits
// decides. A row of any other set is read by the same table of columns.
var datasets = []dataset{
	{name: "SWE-Gym/OpenHands-Sampled-Trajectories", keys: []string{"instance_id", "run_id", "messages", "test_result"},
		scaffold: "openhands", source: "swe-gym"},
	{name: "SWE-Gym/OpenHands-SFT-Trajectories", path: "OpenHands-SFT-Trajectories", scaffold: "openhands", source: "swe-gym"},
	{name: "SWE-Gym/OpenHands-SFT-Trajectories", path: "train.success.oss", scaffold: "openhands", source: "swe-gym"},
	{name: "SWE-Gym/OpenHands-Verifier-Trajectories", path: "OpenHands-Verifier-Trajectories", scaffold: "openhands", source: "swe-gym"},
	{name: "R2E-Gym/R2EGym-Verifier-Trajectories", keys: []string{"messages", "docker_images", "rewards"}, scaffold: "r2e-gym", source: "r2e-gym"},
	{name: "R2E-Gym/R2EGym-SFT-Trajectories", path: "R2EGym-SFT-Trajectories", scaffold: "r2e-gym", source: "r2e-gym"},
	{name: "nebius/SWE-agent-trajectories", keys: []string{"instance_id", "model_name", "trajectory", "generated_patch", "eval_logs"},
		scaffold: "swe-agent", source: "swe-bench-extra"},
	{name: "nebius/SWE-rebench-openhands-trajectories", keys: []string{"trajectory_id", "instance_id", "trajectory", "model_patch", "exit_status"},
		scaffold: "openhands", source: "swe-rebench", policy: qwenCoder},
	{name: "nvidia/SWE-Zero-openhands-trajectories", keys: []string{"trajectory_id", "instance_id", "trajectory", "model_patch", "dataset"},
		scaffold: "openhands", policy: qwenCoder},
	{name: "nvidia/Open-SWE-Traces", keys: []string{"trajectory_id", "instance_id", "messages", "hf_dataset_name"}, folders: []folder{
		{part: "openhands", scaffold: "openhands"}, {part: "sweagent", scaffold: "swe-agent"},
		{part: "minimax_m25", policy: "MiniMax-M2.5"}, {part: "qwen35_122b", policy: "Qwen3.5-122B"},
	}},
	{name: "togethercomputer/CoderForge-Preview", keys: []string{"trajectory_id", "finish_reason", "image", "messages", "reward"}, scaffold: "openhands"},
	{name: "SWE-bench/SWE-smith-trajectories", keys: []string{"traj_id", "instance_id", "messages", "model", "patch"}, scaffold: "swe-agent", source: "swe-smith"},
	{name: "mini-coder", keys: []string{"instance_id", "messages", "model", "patch", "verified"}, scaffold: "mini-swe-agent", source: "swe-smith"},
}

// datasetOf finds the set of a row, nil where it is none of the list.
func (r *Row) datasetOf(src format.Document) *dataset {
	for i := range datasets {
		d := &datasets[i]
		if d.path != "" && strings.Contains(src.URI, d.path) {
			return d
		}
		if d.path == "" && !slices.ContainsFunc(d.keys, func(key string) bool { return r.field(key) == nil }) {
			return d
		}
	}
	return nil
}

// taskRow reports whether a row repeats its task: then a key patch is the task's
// own solution and not the attempt's.
func (r *Row) taskRow() bool {
	return r.has("test_patch") || r.has("FAIL_TO_PASS") || r.has("PASS_TO_PASS")
}

// scaffolds are the words by which rows name a harness, in lower case and
// without dashes, and texts of its system prompt.
var scaffolds = []struct {
	name   string
	words  []string
	prompt string
}{
	{"openhands", []string{"openhands", "codeactagent", "codeact", "opendevin"}, "You are OpenHands agent"},
	{"mini-swe-agent", []string{"minisweagent", "miniswe", "minisweagentplus"}, "that can interact multiple times with a computer shell"},
	{"swe-agent", []string{"sweagent"}, "SETTING: You are an autonomous programmer"},
	{"r2e-gym", []string{"r2egym", "r2e"}, ""},
}

func scaffoldNamed(word string) string {
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(word))
	for _, s := range scaffolds {
		if slices.Contains(s.words, plain) {
			return s.name
		}
	}
	return strings.ToLower(strings.TrimSpace(word))
}

func scaffoldPrompting(system string) string {
	for _, s := range scaffolds {
		if s.prompt != "" && strings.Contains(system, s.prompt) {
			return s.name
		}
	}
	return identity.Unknown
}

// sourceNamed turns the name of a set on a hub into the name of its tasks.
func sourceNamed(name string) string {
	name = strings.ToLower(strings.TrimSpace(name[strings.LastIndexByte(name, '/')+1:]))
	for _, tail := range []string{"-subset", "-raw", "-lite-v0", "-v1"} {
		name = strings.TrimSuffix(name, tail)
	}
	return strings.ReplaceAll(name, "_", "-")
}
