//go:build mpi

package trainer

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/swerm/swerm/internal/testproc"
	"github.com/swerm/swerm/trainer/comm"
)

// mpiLayout marks a process of this test that mpirun started; its value is
// the ranks that share experts.
const mpiLayout = "SWERM_TEST_MPI_EP"

// TestLayoutsAgreeOverMPI trains under mpirun, once for every layout. Each
// process is one rank of this binary; rank 0 compares with a training alone.
func TestLayoutsAgreeOverMPI(t *testing.T) {
	if os.Getenv(mpiLayout) != "" {
		t.Skip("this is a rank")
	}
	for _, l := range layouts {
		t.Run(fmt.Sprintf("dp %d ep %d", l.dp, l.ep), func(t *testing.T) {
			n := l.dp * l.ep
			cmd := testproc.UnderMPI(t, n, "TestMPIRank", mpiLayout+"="+strconv.Itoa(l.ep), "SWERM_TEST_MPI_DIR="+t.TempDir())
			out, err := cmd.CombinedOutput()
			if passed := bytes.Count(out, []byte("--- PASS: TestMPIRank")); err != nil || passed != n {
				t.Fatalf("%d of %d ranks passed: %v\n%s", passed, n, err, out)
			}
		})
	}
}

// mpiBench asks a process that mpirun started for so many steps of which shape.
const mpiBench = "SWERM_TEST_MPI_BENCH"

// BenchmarkRanksMPI is BenchmarkRanks with two processes over MPI.
func BenchmarkRanksMPI(b *testing.B) {
	for i, s := range rankBenches {
		b.Run(s.name, func(b *testing.B) {
			cmd := testproc.UnderMPI(b, 2, "TestMPIBenchRank", fmt.Sprintf("%s=%d %d", mpiBench, i, b.N), "SWERM_TEST_MPI_DIR="+b.TempDir())
			out, err := cmd.CombinedOutput()
			_, figure, ok := bytes.Cut(out, []byte("tokens a second: "))
			if err != nil || !ok {
				b.Fatalf("%v\n%s", err, out)
			}
			rate, err := strconv.ParseFloat(string(bytes.TrimSpace(bytes.Split(figure, []byte("\n"))[0])), 64)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(rate, "tokens/s")
		})
	}
}

// TestMPIBenchRank is one rank of it.
func TestMPIBenchRank(t *testing.T) {
	var shape, steps int
	if _, err := fmt.Sscan(os.Getenv(mpiBench), &shape, &steps); err != nil {
		t.Skip("run by BenchmarkRanksMPI")
	}
	world, err := comm.JoinMPI(comm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s := rankBenches[shape]
	cfg, vocab, length := rankBenchConfig(s.overlap)
	at := testSetupVocab(t, cfg, benchCorpus(t, vocab, length), os.Getenv("SWERM_TEST_MPI_DIR"), vocab)
	at.ranks, at.threads = Ranks{World: world, EP: s.ep}, 1
	tr, err := open(at)
	if err == nil {
		_, err = tr.step()
	}
	began := time.Now()
	for range steps {
		if err == nil {
			_, err = tr.step()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if world.Rank() == 0 {
		fmt.Printf("tokens a second: %.1f\n", float64(steps*cfg.Batch.Sequences)*float64(length)/time.Since(began).Seconds())
	}
	if err := world.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMPIRank is one rank of it.
func TestMPIRank(t *testing.T) {
	ep, err := strconv.Atoi(os.Getenv(mpiLayout))
	if err != nil {
		t.Skip("run by TestLayoutsAgreeOverMPI")
	}
	world, err := comm.JoinMPI(comm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"balance", "few", "many experts", "one expert", "pairs", "ragged", "text"} {
		c, dir := layoutCases[name], fmt.Sprint(os.Getenv("SWERM_TEST_MPI_DIR"), "/", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		s := testSetup(t, c.cfg, markerCorpus(t, c.train, c.dev), dir)
		s.ranks, s.threads = Ranks{World: world, EP: ep}, 1
		tr, err := c.open(s)
		if err == nil {
			err = tr.run(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
		if world.Rank() == 0 {
			want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
			if far := outcomeOf(t, tr).distance(t, want); !(far <= layoutBound) || math.IsNaN(far) {
				t.Errorf("%s is off by %v", name, far)
			}
		}
	}
	if err := world.Close(); err != nil {
		t.Fatal(err)
	}
}
