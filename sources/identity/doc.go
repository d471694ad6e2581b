// Package identity gives records the names under which sources meet: one
// canonical policy for the spellings of a model, the repository and the task
// behind an instance id, the data set behind an image name.
//
// Groups for RM@K are (task, policy) and splits keep a task whole, so two
// spellings of one model would be two policies and two spellings of one task a
// leak. The tables are data (tables.yaml) and can be extended; what no table
// and no rule knows stays as it was written, in lower case, or "unknown".
package identity
