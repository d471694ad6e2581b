package dataset

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

// benchRows makes n trajectories of about 120 KB: sixty messages of words in a
// skewed order, which zstd makes about a quarter of.
func benchRows(n int) (rows []*pipeline.Trajectory, bytes int64) {
	rng := rand.New(rand.NewPCG(1, 1))
	words := make([]string, 4000)
	for i := range words {
		words[i] = fmt.Sprintf("%c%x_%d", 'a'+rune(i%26), i*7919%65536, i%97)
	}
	var b strings.Builder
	for i := range n {
		t := &pipeline.Trajectory{TaskID: fmt.Sprint("task-", i%50), Source: "swe-gym", Policy: fmt.Sprint("p", i%4), Scaffold: "mini"}
		for m := range 60 {
			b.Reset()
			for b.Len() < 2000 {
				k := int(rng.ExpFloat64() * 200)
				b.WriteString(words[k%len(words)])
				b.WriteByte(" \n"[rng.IntN(8)/7])
			}
			text := b.String()
			msg := pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: &text}
			if m%2 == 1 {
				msg.Role, msg.Kind = pipeline.RoleUser, pipeline.KindObservation
			}
			t.Messages = append(t.Messages, msg)
		}
		t.ID = t.ComputeID()
		bytes += t.TextBytes()
		rows = append(rows, t)
	}
	return rows, bytes
}

func benchSet(b *testing.B, codec string) (*Dataset, int64) {
	b.Helper()
	rows, bytes := benchRows(1000)
	spec := testSpec(pipeline.KindTrajectories)
	spec.Codec = codec
	return write(b, filepath.Join(b.TempDir(), "ds"), spec, rows), bytes
}

func BenchmarkWrite(b *testing.B) {
	rows, bytes := benchRows(1000)
	for _, codec := range []string{"zstd", "zstd-fastest", "none"} {
		b.Run(codec, func(b *testing.B) {
			spec := testSpec(pipeline.KindTrajectories)
			spec.Codec = codec
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				d := write(b, filepath.Join(b.TempDir(), "ds"), spec, rows)
				size := int64(0)
				for _, p := range d.Manifest.Parts {
					size += p.Bytes
				}
				b.ReportMetric(float64(bytes)/float64(size), "ratio")
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, codec := range []string{"zstd", "none"} {
		d, bytes := benchSet(b, codec)
		b.Run(codec, func(b *testing.B) {
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				n := int64(0)
				for l, err := range Read[pipeline.Trajectory](b.Context(), d, ReadOptions{}) {
					if err != nil {
						b.Fatal(err)
					}
					n += l.Value.TextBytes()
				}
				if n != bytes {
					b.Fatalf("%d bytes of %d", n, bytes)
				}
			}
		})
	}
}

func BenchmarkScalars(b *testing.B) {
	d, bytes := benchSet(b, "zstd")
	b.SetBytes(bytes) // of text that is not opened
	for b.Loop() {
		for _, err := range Scalars(b.Context(), d) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkWriteSelections(b *testing.B) {
	rows := newGen(1).selections(100_000)
	b.SetBytes(int64(len(rows)) * 100)
	for b.Loop() {
		write(b, filepath.Join(b.TempDir(), "ds"), testSpec(pipeline.KindView), rows)
	}
}

func BenchmarkVerify(b *testing.B) {
	d, bytes := benchSet(b, "zstd")
	b.SetBytes(bytes)
	for b.Loop() {
		mustVerify(b, d.URI)
	}
}
