//go:build !amd64

package blake3lanes

const lanes = 16

func wide() bool { return false }

func hashChunks([]value, []byte, uint64) { panic("no wide vectors") }

func hashParents(_, _ []value) { panic("no wide vectors") }
