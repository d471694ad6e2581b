package identity

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

// TestIDsAreTakenApartAsPatternsWould: what is looked at by hand is what the patterns
// say that these ids are.
func TestIDsAreTakenApartAsPatternsWould(t *testing.T) {
	pattern := regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9.-]*)__([A-Za-z0-9_.-]+)-(\d+)$`)
	hash := regexp.MustCompile(`^[0-9a-f]{40}$`)
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"octo__cat-7", "octo", "__", "_", "-", ".", "1", "42", "é", "a", "/", "0123456789abcdef0123456789abcdef01234567", "\n", "", "12345", "_3"}
	apart := 0
	for range 200_000 {
		id := ""
		for range 1 + rng.IntN(7) {
			id += pieces[rng.IntN(len(pieces))]
		}
		owner, name, ok := pullRequest(id)
		m := pattern.FindStringSubmatch(id)
		if ok != (m != nil) || ok && (owner != m[1] || name != m[2]) {
			t.Fatalf("%q: %q %q %v, want %q", id, owner, name, ok, m)
		}
		if ok {
			apart++
		}
		if IsCommit(id) != hash.MatchString(id) {
			t.Fatalf("%q is a commit: %v", id, IsCommit(id))
		}
		base, k := SplitSample(id)
		m = sampled.FindStringSubmatch(id)
		if m == nil {
			m = retried.FindStringSubmatch(id)
		}
		if (k != nil) != (m != nil) || m != nil && base != m[1] {
			t.Fatalf("%q: sample %v of %q, want %q", id, k, base, m)
		}
	}
	if apart < 1000 {
		t.Errorf("%d ids of pull requests prove little", apart)
	}
}
