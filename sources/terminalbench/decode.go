package terminalbench

import (
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (t *trial) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	t.stamps = map[string]string{}
	for key := range s.Fields() {
		switch key {
		case "trial_name":
			keys.Once(s, 0)
			t.trialName = chat.OrEmpty(s.OptStr())
		case "task_id":
			keys.Once(s, 1)
			t.taskID = chat.OrEmpty(s.OptStr())
		case "instruction":
			keys.Once(s, 2)
			t.instruction = s.OptStr()
		case "failure_mode":
			keys.Once(s, 3)
			t.failureMode = s.OptStr()
		case "is_resolved":
			keys.Once(s, 4)
			if v := s.OptBool(); v != nil {
				t.claims.Set("is_resolved", *v)
			}
		case "parser_results":
			keys.Once(s, 5)
			t.claims.KeepWhole(s, key)
		case "total_input_tokens":
			keys.Once(s, 6)
			t.prompt = s.OptInt()
		case "total_output_tokens":
			keys.Once(s, 7)
			t.completion = s.OptInt()
		default:
			if strings.HasSuffix(key, "ed_at") && s.Kind() == jsonscan.String {
				name := strings.Clone(key)
				t.stamps[name] = s.Str()
				t.rest.Set(name, t.stamps[name])
				continue
			}
			t.rest.Keep(s, key)
		}
	}
	s.End()
}
