// Package scale predicts what a training needs and takes on many ranks: memory
// of each, and the time of a step, from the shape of the network, the layout
// and four rates of the machine.
//
// It is arithmetic, written so that every term can be checked: parameters and
// bytes per rank are exact, bytes of dispatch are those of an even router,
// operations are those of the products (norms, softmax and the optimizer's
// arithmetic are left out). What it does not know is waiting: uneven experts,
// uneven sequences and slow neighbours come on top. docs/scale.md is made by
// its test.
package scale
