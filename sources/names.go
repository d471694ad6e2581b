package sources

import (
	"fmt"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
)

// maxNameBytes bounds what names something: an instance, a model, a call. Names
// are held where text is not: in the index, in counts, in the columns that
// splits and mixtures group by. Nothing that is one is longer than a path.
const maxNameBytes = archive.MaxPathBytes

// checkNames finds a name that is none, before it is held anywhere.
func checkNames(r *format.Record) error {
	t := &r.Trajectory
	for _, n := range []struct {
		name  string
		value *string
	}{
		{"instance_id", t.InstanceID}, {"repo", t.Repo}, {"base_commit", t.BaseCommit}, {"source", &t.Source}, {"source", &r.SourceHint},
		{"policy", t.PolicyRaw}, {"scaffold", &t.Scaffold}, {"run", t.Run}, {"run", &r.RunHint}, {"parent_id", t.ParentID},
		{"language", t.Language}, {"created_at", t.CreatedAt}, {"license", t.License}, {"environment", t.Environment},
		{"exit_status", t.ExitStatus},
	} {
		if err := checkName(n.value); err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	for i := range t.Messages {
		if err := checkMessage(&t.Messages[i]); err != nil {
			return fmt.Errorf("messages[%d]: role, name or id of a call: %w", i, err)
		}
	}
	return nil
}

// checkMessage finds the first name of a message that is none. There are many
// messages, so it looks at lengths alone.
func checkMessage(m *pipeline.Message) error {
	err := checkBytes(len(m.Role))
	if err == nil {
		err = checkName(m.Name)
	}
	if err == nil {
		err = checkName(m.ToolCallID)
	}
	for i := 0; i < len(m.ToolCalls) && err == nil; i++ {
		if err = checkName(m.ToolCalls[i].ID); err == nil {
			err = checkBytes(len(m.ToolCalls[i].Name))
		}
	}
	return err
}

func checkName(v *string) error {
	if v == nil {
		return nil
	}
	return checkBytes(len(*v))
}

func checkBytes(n int) error {
	if n <= maxNameBytes {
		return nil
	}
	return fmt.Errorf("%d bytes where a name has at most %d", n, maxNameBytes)
}
