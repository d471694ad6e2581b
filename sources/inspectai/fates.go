package inspectai

import (
	"slices"

	"github.com/swerm/swerm/sources/format"
)

// ofSample are fates of a sample, which is the document or one of its samples.
var ofSample = []format.Fate{
	{Path: "id", Why: "instance_id"},
	{Path: "input", Why: "a message"},
	{Path: "input[].**", Why: "the messages that the dialogue begins with"},
	{Path: "messages[].id", Why: "names a message"},
	{Path: "messages[].role", Why: "messages[].role and kind"},
	{Path: "messages[].source", Why: "messages[].kind"},
	{Path: "messages[].content", Why: "the attachment it names"},
	{Path: "messages[].content[].type", Why: "parts are sorted by it"},
	{Path: "messages[].content[].signature", Why: "the provider's seal on a thought"},
	{Path: "messages[].content[].redacted", Why: "the thought says so"},
	{Path: "messages[].tool_calls[].type", Why: "says nothing more"},
	{Path: "output.**", Why: "the last message, which stands in messages; usage is summed"},
	{Path: "events[].**", Why: "every step with its whole prompt; messages holds the dialogue"},
	{Path: "timelines[].**", Why: "views of the events"},
	{Path: "attachments.**", Why: "put back where a message names one"},
}

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := slices.Clone(ofSample)
	for _, f := range ofSample {
		all = append(all, format.Fate{Path: "samples[]." + f.Path, Why: f.Why})
	}
	return append(all,
		format.Fate{Path: "version", Why: "of the log's form"},
		format.Fate{Path: "status", Why: "of the whole evaluation"},
		format.Fate{Path: "eval.**", Why: "of the configuration only names, data set and sampling parameters are kept: configurations have carried credentials"},
		format.Fate{Path: "plan.**", Why: "what the solvers were told, which the messages show"},
		format.Fate{Path: "results.**", Why: "metrics over all samples"},
		format.Fate{Path: "stats.**", Why: "sums over all samples"},
		format.Fate{Path: "error.**", Why: "of the whole evaluation; a sample's own is kept"},
		format.Fate{Path: "reductions[].**", Why: "scores over epochs; each sample has its own"},
		format.Fate{Path: "location", Why: "where the log lay"},
		format.Fate{Path: "etag", Why: "of the log's place"},
	)
}
