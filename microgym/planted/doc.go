// Package planted makes agent runs with a planted signal, so that the whole
// path (import, label, split, mix, tokenize, train, score, evaluate) can be
// run in seconds with nothing to download. Its files look like mini-swe-agent
// runs and harness reports, and go through the same importer and labeler.
//
// It is no world: nothing acts and nothing is tested. A trajectory whose patch
// is right usually shows a passing check near its end, and one whose patch is
// wrong usually does not; length, turns and exit status are drawn without
// regard to that. What a model learns from it says that the path works and
// nothing about software engineering.
package planted
