package exports_test

import (
	"fmt"

	"github.com/swerm/swerm/exports"
)

// Formats are a closed list.
func ExampleFormats() {
	for _, f := range exports.Formats() {
		fmt.Printf("%s: %s\n", f.Name, f.Doc)
	}
	// Output:
	// openai: JSON lines of chat messages, tools and ids
	// sharegpt: JSON lines of conversations, calls as text
	// atif: a folder of ATIF documents
	// miniswe: a folder of mini-swe-agent runs
	// sweagent: a folder of SWE-agent runs
}
