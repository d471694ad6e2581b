// Command go is a plugin of `swerm import` for rows such as
//
//	{"task": "octo__cat-7", "model": "acme/rocket", "steps": [{"do": "ls", "see": "cat.py"}], "diff": "…"}
//
// Build it and name it: swerm import rows.jsonl --plugin ./decoder -o ds. The file
// docs/plugins.md describes what comes in and what goes out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

type question struct {
	N    int64           `json:"n"`
	URI  string          `json:"uri"`
	Row  int64           `json:"row"`
	Data json.RawMessage `json:"data"`
}

type row struct {
	Task  string `json:"task"`
	Model string `json:"model"`
	Steps []struct {
		Do  string `json:"do"`
		See string `json:"see"`
	} `json:"steps"`
	Diff string `json:"diff"`
}

type message struct {
	Role    string `json:"role"`
	Kind    string `json:"kind"`
	Content string `json:"content"`
}

func main() {
	in := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	out := json.NewEncoder(os.Stdout)
	for {
		var q question
		if err := in.Decode(&q); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answer := decode(q.Data)
		answer["n"] = q.N
		if err := out.Encode(answer); err != nil {
			os.Exit(1)
		}
	}
}

func decode(data json.RawMessage) map[string]any {
	var r row
	if data == nil || json.Unmarshal(data, &r) != nil {
		return map[string]any{"ignore": true}
	}
	if r.Task == "" {
		return map[string]any{"error": "a row without a task"}
	}
	messages := []message{}
	for _, s := range r.Steps {
		messages = append(messages, message{"assistant", "action", s.Do}, message{"user", "observation", s.See})
	}
	return map[string]any{"instance_id": r.Task, "policy": r.Model, "scaffold": "steps", "patch": r.Diff, "messages": messages}
}
