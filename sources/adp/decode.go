package adp

import (
	"encoding/json"
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (r *row) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "id":
			keys.Once(s, 0)
			r.id = readID(s)
		case "content":
			keys.Once(s, 1)
			r.readItems(s)
		case "details":
			keys.Once(s, 2)
			if s.Kind() == jsonscan.Object {
				r.readDetails(s)
			}
		default:
			r.rest.Keep(s, key)
		}
	}
	s.End()
}

// readID reads a string, or a number as it is written.
func readID(s *jsonscan.Scanner) string {
	if s.Kind() == jsonscan.Number {
		return string(s.Raw())
	}
	return chat.OrEmpty(s.OptStr())
}

func (r *row) readItems(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		r.items = append(r.items, item{})
		r.items[i].read(s)
	}
}

func (it *item) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "class_":
			keys.Once(s, 0)
			it.class = s.Str()
		case "content":
			keys.Once(s, 1)
			it.content = s.OptStr()
		case "description":
			keys.Once(s, 2)
			it.description = s.OptStr()
		case "source":
			keys.Once(s, 3)
			it.source = chat.OrEmpty(s.OptStr())
		case "name":
			keys.Once(s, 4)
			it.name = s.OptStr()
		case "function":
			keys.Once(s, 5)
			it.function = chat.OrEmpty(s.OptStr())
		case "kwargs":
			keys.Once(s, 6)
			it.kwargs = readKwargs(s)
		case "language":
			keys.Once(s, 7)
			it.language = chat.OrEmpty(s.OptStr())
		case "axtree":
			keys.Once(s, 8)
			it.axtree = s.OptStr()
		case "html":
			keys.Once(s, 9)
			it.html = s.OptStr()
		default:
			it.rest.Keep(s, key)
		}
	}
	if it.class == "" {
		s.Fail(chat.ErrRole)
	}
}

func readKwargs(s *jsonscan.Scanner) *string {
	if s.Kind() == jsonscan.Null {
		s.Skip()
		return nil
	}
	arguments := chat.ReadArguments(s)
	return &arguments
}

// readDetails sorts what a data set says about the run. Values are strings; one
// that is not is kept as it is written.
func (r *row) readDetails(s *jsonscan.Scanner) {
	var rest chat.Rest
	var keys chat.Seen
	d := &r.details
	for key := range s.Fields() {
		if s.Kind() != jsonscan.String {
			rest.Keep(s, key)
			continue
		}
		switch key {
		case "run_id":
			keys.Once(s, 0)
			d.runID = s.Str()
		case "model_name", "model":
			keys.Once(s, 1)
			d.model = s.Str()
		case "tools":
			keys.Once(s, 2)
			d.tools = jsonText(s, key, &rest)
		case "generated_patch", "patch", "model_patch":
			keys.Once(s, 3)
			d.patch = s.OptStr()
		case "exit_status":
			keys.Once(s, 4)
			d.exitStatus = s.OptStr()
		case "test_result":
			keys.Once(s, 5)
			d.readTestResult(s.Str())
		case "resolved", "target", "eval_logs", "test_output", "reward", "report":
			name := strings.Clone(key)
			d.claims.Set(name, s.Str())
		default:
			rest.Keep(s, key)
		}
	}
	r.rest.SetJSON("details", rest.JSON())
}

// jsonText reads a string that should hold JSON; one that does not is kept
// elsewhere.
func jsonText(s *jsonscan.Scanner, key string, rest *chat.Rest) *string {
	name, text := strings.Clone(key), s.Str()
	if json.Valid([]byte(text)) {
		return &text
	}
	rest.Set(name, text)
	return nil
}

// readTestResult takes the patch out of a test result, which is all a claim:
// its own keys become claims where it is an object.
func (d *details) readTestResult(text string) {
	var fields map[string]json.RawMessage
	var result testResult
	if json.Unmarshal([]byte(text), &fields) != nil || json.Unmarshal([]byte(text), &result) != nil {
		d.claims.Set("test_result", text)
		return
	}
	if d.patch == nil {
		d.patch = result.Patch
		delete(fields, "git_patch")
	}
	for key, raw := range fields {
		d.claims.Set(key, raw)
	}
}
