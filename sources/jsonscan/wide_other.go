//go:build !amd64

package jsonscan

func kernels() []*kernel { return nil }
