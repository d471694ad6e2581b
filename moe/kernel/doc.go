// Package kernel computes the inner loops of the network in float32: matrix
// products, attention, SwiGLU, RMSNorm, rotary embeddings and AdamW, each in
// families of machine code with one meaning. [Operations] lists them: it is
// the seam behind which another kind of machine would go.
//
// Promises: every element of a result is summed in an order that depends on
// the shapes alone, never on the number of threads, on the other rows of the
// batch or on alignment; products split rows and columns, never the depth.
// Beside each operation stands a naive one in float64, of [Reference], that the
// tests hold it to.
//
// The package starts no goroutines, keeps no state and checks no shapes beyond
// what keeps memory safe: its caller is the network, which fixes them.
package kernel
