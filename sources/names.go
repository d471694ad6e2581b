package sources

import (
	"fmt"

	"github.com/swerm/swerm/internal/archive"
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
		m := &t.Messages[i]
		role := string(m.Role)
		names := []*string{&role, m.Name, m.ToolCallID}
		for k := range m.ToolCalls {
			names = append(names, m.ToolCalls[k].ID, &m.ToolCalls[k].Name)
		}
		for _, v := range names {
			if err := checkName(v); err != nil {
				return fmt.Errorf("messages[%d]: role, name or id of a call: %w", i, err)
			}
		}
	}
	return nil
}

func checkName(v *string) error {
	if v == nil || len(*v) <= maxNameBytes {
		return nil
	}
	return fmt.Errorf("%d bytes where a name has at most %d", len(*v), maxNameBytes)
}
