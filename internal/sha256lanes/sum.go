package sha256lanes

import "crypto/sha256"

// Lanes is how many messages are hashed at once where the machine can: what a
// caller should gather, or a multiple of it.
const Lanes = 16

// Sum hashes every message into the sum of the same index; sums is as long as
// messages. Messages of like length make the best use of the lanes.
func Sum(sums [][sha256.Size]byte, messages [][]byte) {
	if wide() && len(messages) > few {
		sumWide(sums, messages)
		return
	}
	for i, m := range messages {
		sums[i] = sha256.Sum256(m)
	}
}

// few messages are hashed one after the other in less time than side by side.
const few = 2
