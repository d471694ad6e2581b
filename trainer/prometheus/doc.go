// Package prometheus writes numbers in the text format that Prometheus scrapes
// (version 0.0.4), which other monitors read too.
//
// What is written is a function of what is passed in: families in the order
// given, each with its HELP and TYPE and then its samples. Names and labels are
// checked, values may be anything that a float64 is. A number that does not
// exist is left out by the caller: a family without samples is not written.
//
// It does not collect, register or serve, and knows no histograms or summaries:
// a training has some dozens of numbers, all of which its loop has at hand.
package prometheus
