package testlog

// failures remembers which tests have failed, by scope and name. Frameworks that
// run a test once, or call the whole a failure when any of its runs fails, never
// take a failure back: a good status that follows was printed by something else,
// or hides that the test is flaky.
type failures map[uint64]struct{}

// part returns the part that a status belongs to: [Output] where it comes too
// late.
func (f *failures) part(l *line, scope int32, name []byte, st Status, part Part) Part {
	key := hash(name) ^ uint64(scope)*0x9e3779b97f4a7c15
	if st == Failed || st == Error {
		if *f == nil {
			*f = failures{}
		}
		if len(*f) < l.limits.Records {
			(*f)[key] = struct{}{}
		}
		return part
	}
	if _, failed := (*f)[key]; failed {
		return Output
	}
	return part
}

// hash is FNV-1a.
func hash(name []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range name {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
