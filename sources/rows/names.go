package rows

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
)

// known fills what the set's card, and the folder of the file in it, say of all
// rows.
func (n *reading) known(set *dataset, src format.Document) {
	t := &n.rec.Trajectory
	n.rec.Version = set.name
	fill := func(scaffold, policy string) {
		if t.Scaffold == "" {
			t.Scaffold = scaffold
		}
		if t.PolicyRaw == nil {
			t.PolicyRaw = chat.NonEmpty(policy)
		}
	}
	for _, f := range set.folders {
		if strings.Contains(src.URI, f.part) {
			fill(f.scaffold, f.policy)
		}
	}
	fill(set.scaffold, set.policy)
	if t.Source == "" {
		t.Source = set.source
	}
}

var (
	// runOfPolicy is how OpenHands names a batch of runs after its settings.
	runOfPolicy = regexp.MustCompile(`^(.+?)_maxiter_(\d{1,6})(?:_|$)`)

	// sampleOfTask is an id that names the task and the sample of it.
	sampleOfTask = regexp.MustCompile(`^(.+?)_run(\d{1,6})$`)
)

// names fills who acted on what from ids, runs, images and paths.
func (n *reading) names(src format.Document) {
	t := &n.rec.Trajectory
	if t.PolicyRaw == nil && t.Run != nil {
		if m := runOfPolicy.FindStringSubmatch(*t.Run); m != nil {
			t.PolicyRaw = &m[1]
		}
	}
	if t.InstanceID == nil {
		t.InstanceID = n.instance(src)
	}
	if t.Environment != nil {
		n.rec.SourceHint = *t.Environment
	}
	n.rec.RunHint = src.Folder(0)
}

// instance names the task of a row that has no key for it: the id of a sample
// without the sample, the image that the task runs in, the row's own id, and in
// the end the row's place.
func (n *reading) instance(src format.Document) *string {
	t := &n.rec.Trajectory
	for _, key := range []string{"trajectory_id", "traj_id", "id"} {
		if m := sampleOfTask.FindStringSubmatch(n.ids[key]); m != nil {
			if k, err := strconv.ParseInt(m[2], 10, 32); err == nil && t.Rollout == nil {
				t.Rollout = chat.Int32(&k)
			}
			return &m[1]
		}
	}
	if image := chat.OrEmpty(t.Environment); image != "" {
		return &image
	}
	for _, key := range []string{"id", "traj_id", "trajectory_id", "conversation_id", "uuid"} {
		if id := n.ids[key]; strings.TrimSpace(id) != "" {
			return &id
		}
	}
	place := src.Stem()
	if src.Row > 0 {
		place = fmt.Sprintf("%s#%d", place, src.Row)
	}
	return &place
}

// dialogue fills what only the messages tell: a judge's verdict at their end,
// the kinds of what is left, the harness that speaks in them, and whether the
// patch is theirs.
func (n *reading) dialogue() {
	t := &n.rec.Trajectory
	var verdict string
	if t.Messages, verdict = chat.TakeVerdict(t.Messages); verdict != "" {
		n.claims.Set("verdict", verdict)
	}
	t.Patch = chat.CleanPatch(t.Patch)
	endWithPatch(t)
	chat.Classify(t.Messages)
	t.Usage.Turns = chat.Turns(t.Messages)
	if t.Scaffold == "" {
		t.Scaffold = scaffoldPrompting(systemOf(t.Messages))
	}
	if t.Patch == nil {
		return
	}
	base, _ := identity.SplitSample(*t.InstanceID)
	repo, known := identity.Repo(base)
	if t.Repo != nil {
		repo, known = *t.Repo, true
	}
	if !known {
		return
	}
	if files := chat.ForeignPatch(repo, *t.Patch, t.Messages); files != nil {
		n.extra.Set("patch_repo_mismatch", map[string]any{"repo": repo, "files": files})
	}
}

// endWithPatch finds the submission that some scaffolds write as the user's last
// message: it is how the attempt ended and no observation.
func endWithPatch(t *pipeline.Trajectory) {
	if len(t.Messages) < 2 || chat.OrEmpty(t.Patch) == "" {
		return
	}
	last := &t.Messages[len(t.Messages)-1]
	if last.Role == pipeline.RoleUser && strings.TrimSpace(chat.OrEmpty(last.Content)) == strings.TrimSpace(*t.Patch) {
		last.Role, last.Kind = pipeline.RoleExit, pipeline.KindFinal
	}
}

// systemOf is what the scaffold says first: its system prompt, or the first
// message of the user where it has none.
func systemOf(messages []pipeline.Message) string {
	for i := range messages {
		if m := &messages[i]; m.Content != nil && (m.Role == pipeline.RoleSystem || m.Role == pipeline.RoleUser) {
			return *m.Content
		}
	}
	return ""
}
