package sourcetest

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// Rows returns the rows of a file: the elements of a list, or its lines.
func Rows(t testing.TB, file string) []json.RawMessage {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []json.RawMessage
	if json.Unmarshal(data, &rows) == nil {
		return rows
	}
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) > 0 {
			rows = append(rows, line)
		}
	}
	return rows
}
