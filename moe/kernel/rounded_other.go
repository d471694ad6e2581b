//go:build !amd64

package kernel

func roundHalf(int, *float32, *float32)           { panic(noCode) }
func splitRows(int, *float32, *float32, *float32) { panic(noCode) }
func splitPairs(int, *float32, *float32)          { panic(noCode) }
