package chat

import (
	"encoding/json"
	"testing"

	"github.com/swerm/swerm/sources/jsonscan"
)

func TestRestKeepsValuesAsTheyAreWritten(t *testing.T) {
	doc := []byte(`{"z":[1, {"a" :2}],"s":"a\u00e9 <b>\n\/","n":null,"bad":"\q","nan":NaN,"half":"\ud800","ctl":"` + "\t" + `","k\"y":0.50}`)
	s := jsonscan.New(doc)
	var r Rest
	for key := range s.Fields() {
		r.Keep(s, key)
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	got := *r.JSON()
	want := `{"bad":"\"\\q\"","ctl":"\"\t\"","half":"\ud800","k\"y":0.50,"nan":"NaN","s":"a\u00e9 <b>\n\/","z":[1,{"a":2}]}`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	clear(doc)
	if !json.Valid([]byte(got)) {
		t.Error("not JSON")
	}
}

func TestRestIsBounded(t *testing.T) {
	r := Rest{Limit: 10}
	s := jsonscan.New([]byte(`{"a":"123456","b":"123456","c":"12"}`))
	for key := range s.Fields() {
		r.Keep(s, key)
	}
	if got := *r.JSON(); got != `{"a":"123456","b_bytes_left_out":8,"c_bytes_left_out":4}` {
		t.Error(got)
	}
}

// FuzzValidString holds the fast check to the library's.
func FuzzValidString(f *testing.F) {
	for _, s := range []string{``, `a`, `\n`, `\`, `\u12`, `\u12G4`, `\u+123`, "\x01", `\x`, `é`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		raw := []byte(`"` + body + `"`)
		s := jsonscan.New(raw)
		s.Skip()
		if s.End(); s.Err() != nil {
			return // not one string
		}
		if got, want := validString(raw), json.Valid(raw); got != want {
			t.Errorf("%q: %v", raw, got)
		}
	})
}
