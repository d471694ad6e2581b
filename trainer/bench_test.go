//go:build unix

package trainer

import (
	"github.com/swerm/swerm/trainer/comm"
	"math"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/swerm/swerm/moe"
)

// The shape and step that the network's own figures are quoted for: 24.3M
// parameters, 4096 tokens a step in sequences of 512.
func benchConfig() (*Config, int, int32) {
	c := DefaultConfig()
	c.Model = Model{Layers: 6, Hidden: 256, Heads: 4, KVHeads: 2, HeadDim: 64, Experts: 16, TopK: 2,
		MoEIntermediate: 256, RopeTheta: 1e6, Context: 512, InitRange: 0.02}
	c.Batch = Batch{Sequences: 8, MaxTokensPerMicro: 4096, Window: 16}
	c.Steps = math.MaxInt32
	return c, 8192, 512
}

// benchTunings are what may train of that model.
var benchTunings = []struct {
	name   string
	freeze []string
	lora   LoRA
}{
	{name: ""},
	{name: " router and embeddings frozen", freeze: []string{moe.KindRouter, moe.KindEmbeddings}},
	{name: " experts frozen", freeze: []string{moe.KindExperts}},
	{name: " layers 0-3 frozen", freeze: []string{moe.KindEmbeddings, "layers 0-3"}},
	{name: " adapters of attention", lora: LoRA{Rank: 16, Alpha: 32, Targets: []string{moe.KindAttention}}},
	{name: " adapters of attention and experts", lora: LoRA{Rank: 16, Alpha: 32, Targets: []string{moe.KindAttention, moe.KindExperts}}},
	{name: " adapters of layers 4-5", lora: LoRA{Rank: 16, Alpha: 32, Targets: []string{"layers 4-5"}}},
}

func benchStep(b *testing.B, cfg *Config, vocab int, length int32) {
	b.Helper()
	data := benchCorpus(b, vocab, length)
	tr, err := open(testSetupVocab(b, cfg, data, b.TempDir(), vocab))
	if err != nil {
		b.Fatal(err)
	}
	defer tr.journal.close()
	if _, err := tr.step(); err != nil { // the arena grows once
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(4 * int64(length) * int64(cfg.Batch.Sequences))
	b.ResetTimer()
	for b.Loop() {
		if _, err := tr.step(); err != nil {
			b.Fatal(err)
		}
	}
	_, gradients, moments := tr.net.bytes()
	b.ReportMetric(float64(gradients), "gradient-bytes")
	b.ReportMetric(float64(moments), "moment-bytes")
	b.ReportMetric(float64(b.N)*float64(length)*float64(cfg.Batch.Sequences)/b.Elapsed().Seconds(), "tokens/s")
}

func benchCorpus(b testing.TB, vocab int, length int32) *corpus {
	b.Helper()
	tokens, err := createTokenFile(filepath.Join(b.TempDir(), "tokens"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { tokens.close() })
	rng := rand.New(rand.NewPCG(1, 1))
	data := &corpus{tokens: tokens}
	for i := range 64 {
		ids := make([]int32, length)
		for k := range ids {
			ids[k] = rng.Int32N(int32(vocab))
		}
		s := sample{target: float64(i % 2), count: 1, length: length}
		if s.offset, err = tokens.append(ids); err != nil {
			b.Fatal(err)
		}
		data.train = append(data.train, s)
	}
	if err := tokens.finish(); err != nil {
		b.Fatal(err)
	}
	return data
}

func BenchmarkStep(b *testing.B) {
	b.Run("tiny", func(b *testing.B) {
		cfg := testConfig()
		cfg.Steps = math.MaxInt32
		benchStep(b, cfg, testVocab, 32)
	})
	for _, v := range benchTunings {
		b.Run("24M"+v.name, func(b *testing.B) {
			cfg, vocab, length := benchConfig()
			cfg.Freeze, cfg.LoRA = v.freeze, v.lora
			benchStep(b, cfg, vocab, length)
		})
	}
}

// The shapes of BenchmarkRanks: two ranks of one thread each against one
// process of two.
var rankBenches = []struct {
	name    string
	ep      int
	overlap bool
}{{"dp2", 1, false}, {"ep2", 2, false}, {"ep2-overlap", 2, true}}

// rankBenchConfig cuts a step into four micro-batches a rank, so that overlap
// has something to overlap.
func rankBenchConfig(overlap bool) (*Config, int, int32) {
	cfg, vocab, length := benchConfig()
	cfg.Batch.MaxTokensPerMicro = int(length)
	cfg.Ranks.Overlap = overlap
	return cfg, vocab, length
}

// BenchmarkRanks gives the tokens a second of two ranks over memory and over
// Unix sockets. Both ranks run in this process, so cpu-s/step is of both.
func BenchmarkRanks(b *testing.B) {
	b.Run("alone", func(b *testing.B) { benchRanks(b, []comm.Comm{comm.Local(1, comm.Limits{})[0]}, 1, 2, false) })
	for name, world := range map[string]worldOf{"local": localWorld, "unix": unixWorld} {
		for _, s := range rankBenches {
			b.Run(name+"/"+s.name, func(b *testing.B) { benchRanks(b, world(b, 2), s.ep, 1, s.overlap) })
		}
	}
}

func benchRanks(b *testing.B, world []comm.Comm, ep, threads int, overlap bool) {
	cfg, vocab, length := rankBenchConfig(overlap)
	dir := b.TempDir()
	trainings := make([]*training, len(world))
	corpora := make([]*corpus, len(world))
	for r := range world {
		corpora[r] = benchCorpus(b, vocab, length)
	}
	each := func(run func(r int) error) {
		if err := eachRank(len(world), run); err != nil {
			b.Fatal(err)
		}
	}
	each(func(r int) (err error) {
		s := testSetupVocab(b, cfg, corpora[r], dir, vocab)
		s.ranks, s.threads = Ranks{World: world[r], EP: ep}, threads
		if trainings[r], err = open(s); err == nil {
			_, err = trainings[r].step()
		}
		return err
	})
	b.ResetTimer()
	cpu := cpuSeconds()
	each(func(r int) error {
		for range b.N {
			if _, err := trainings[r].step(); err != nil {
				return err
			}
		}
		return nil
	})
	b.ReportMetric((cpuSeconds()-cpu)/float64(b.N), "cpu-s/step")
	b.ReportMetric(float64(b.N)*float64(length)*float64(cfg.Batch.Sequences)/b.Elapsed().Seconds(), "tokens/s")
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
