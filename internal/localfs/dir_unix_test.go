//go:build unix

package localfs

import "testing"

func TestLinksAreNotFollowed(t *testing.T) {
	d := openDir(t)
	if f, err := d.Open("link"); err == nil {
		f.Close()
		t.Error("a link to a file was followed")
	}
	for _, name := range []string{"linked", "out"} {
		if sub, err := d.Sub(name); err == nil {
			sub.Close()
			t.Errorf("the link %s to a folder was followed", name)
		}
	}
}
