package chat

import (
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/sources/jsonscan"
)

// maxKeptParts bounds how many parts without text one content may add to a
// record.
const maxKeptParts = 64

// textKinds are what APIs call a part of text.
var textKinds = []string{"", "text", "input_text", "output_text", "summary_text", "reasoning_text"}

// ReadParts reads a content as [ReadContent] does and keeps in rest the parts
// that are no text, under their place ("part_2"): what they are and where they
// point to, not what is large in them.
func ReadParts(s *jsonscan.Scanner, rest *Rest) *string {
	if s.Kind() != jsonscan.Array {
		return OptText(s)
	}
	var texts []string
	for i := range s.Elements() {
		at := s.Mark()
		kind, text := "text", (*string)(nil)
		switch s.Kind() {
		case jsonscan.String:
			text = s.OptStr()
		case jsonscan.Object:
			kind, text = readTextPart(s)
		default:
			continue
		}
		switch {
		case text != nil && slices.Contains(textKinds, kind):
			texts = append(texts, *text)
		case s.Err() == nil && i < maxKeptParts:
			rest.Keep(jsonscan.New(s.Since(at)), "part_"+strconv.Itoa(i))
		}
	}
	if s.Err() != nil {
		return nil
	}
	joined := strings.Join(texts, "\n")
	return &joined
}

func readTextPart(s *jsonscan.Scanner) (kind string, text *string) {
	for key := range s.Fields() {
		switch key {
		case "type":
			kind = OrEmpty(OptText(s))
		case "text":
			text = OptText(s)
		}
	}
	return kind, text
}
