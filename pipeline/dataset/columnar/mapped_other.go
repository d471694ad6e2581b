//go:build !unix

package columnar

func mapMemory(n int) []byte { return make([]byte, n) }

func unmapMemory([]byte) {}

func dropMemory([]byte) {}
