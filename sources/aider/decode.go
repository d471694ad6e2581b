package aider

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (r *result) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "instance_id":
			keys.Once(s, 0)
			r.instanceID = chat.OrEmpty(s.OptStr())
		case "model":
			keys.Once(s, 1)
			r.model = chat.OrEmpty(s.OptStr())
		case "model_name_or_path":
			keys.Once(s, 2)
			r.label = chat.OrEmpty(s.OptStr())
		case "model_patch":
			keys.Once(s, 3)
			r.patch = s.OptStr()
		case "cost":
			keys.Once(s, 4)
			r.cost = s.OptFloat()
		case "try":
			keys.Once(s, 5)
			r.try = s.OptInt()
		case "resolved":
			keys.Once(s, 6)
			r.claims.Keep(s, key)
		default:
			r.rest.Keep(s, key)
		}
	}
	s.End()
}
