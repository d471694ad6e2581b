package columnar

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// textSchema has the shape of a table of conversations about code.
func textSchema() *arrow.Schema {
	call := arrow.StructOf(
		arrow.Field{Name: "name", Type: arrow.BinaryTypes.String},
		arrow.Field{Name: "arguments", Type: arrow.BinaryTypes.String},
	)
	message := arrow.StructOf(
		arrow.Field{Name: "role", Type: arrow.BinaryTypes.String},
		arrow.Field{Name: "content", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "return_code", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		arrow.Field{Name: "tool_calls", Type: arrow.ListOfNonNullable(call), Nullable: true},
	)
	return arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String},
		{Name: "policy", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "row", Type: arrow.PrimitiveTypes.Int64},
		{Name: "messages", Type: arrow.ListOfNonNullable(message)},
	}, nil)
}

// goSource generates about n bytes that compress like Go source does.
func goSource(r *rand.Rand, n int) string {
	var b strings.Builder
	z := rand.NewZipf(r, 1.2, 4, 4000)
	word := func() string {
		k := z.Uint64()
		parts := []string{"get", "Buf", "err", "Node", "make", "Key", "tmp", "Read", "ctx", "Len"}
		return parts[k%10] + parts[k/10%10] + fmt.Sprintf("%x", k)
	}
	for b.Len() < n {
		switch r.IntN(6) {
		case 0:
			fmt.Fprintf(&b, "func (%s *%s) %s(%s int) error {\n", word(), word(), word(), word())
		case 1:
			fmt.Fprintf(&b, "\tif err := %s.%s(%s); err != nil {\n\t\treturn fmt.Errorf(\"%s: %%w\", err)\n\t}\n", word(), word(), word(), word())
		case 2:
			fmt.Fprintf(&b, "\t%s := %s[%d]\n", word(), word(), r.IntN(1000))
		case 3:
			fmt.Fprintf(&b, "// %s returns the %s of %s, or %s if there is none.\n", word(), word(), word(), word())
		case 4:
			fmt.Fprintf(&b, "\tfor %s := range %s {\n\t\t%s += %s(%s)\n\t}\n", word(), word(), word(), word(), word())
		default:
			b.WriteString("\treturn nil\n}\n\n")
		}
	}
	return b.String()
}

// textBatch makes rows conversations of about 200 KB each, out of pieces of the
// same source: quick to make, and compresses far better than anything real.
func textBatch(mem memory.Allocator, rows int) arrow.RecordBatch {
	r := rand.New(rand.NewPCG(1, 7))
	src := goSource(r, 1<<16)
	return conversations(r, mem, rows, func(n int) string {
		at := r.IntN(len(src) - n)
		return src[at : at+n]
	})
}

// freshBatch is textBatch without a sentence twice: what speed is measured on.
func freshBatch(rows int) arrow.RecordBatch {
	r := rand.New(rand.NewPCG(1, 7))
	return conversations(r, memory.DefaultAllocator, rows, func(n int) string { return goSource(r, n) })
}

func conversations(r *rand.Rand, mem memory.Allocator, rows int, text func(n int) string) arrow.RecordBatch {
	b := array.NewRecordBuilder(mem, textSchema())
	defer b.Release()
	messages := b.Field(3).(*array.ListBuilder)
	m := messages.ValueBuilder().(*array.StructBuilder)
	calls := m.FieldBuilder(3).(*array.ListBuilder)
	call := calls.ValueBuilder().(*array.StructBuilder)
	for i := range rows {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%032x", r.Uint64()))
		b.Field(1).(*array.StringBuilder).Append([]string{"alpha", "beta", "gamma"}[i%3])
		b.Field(2).(*array.Int64Builder).Append(int64(i))
		messages.Append(true)
		for k := range 50 {
			m.Append(true)
			m.FieldBuilder(0).(*array.StringBuilder).Append([]string{"assistant", "tool"}[k%2])
			m.FieldBuilder(1).(*array.StringBuilder).Append(text(1 + r.IntN(8000)))
			if k%2 == 0 {
				m.FieldBuilder(2).AppendNull()
				calls.Append(true)
				call.Append(true)
				call.FieldBuilder(0).(*array.StringBuilder).Append("bash")
				call.FieldBuilder(1).(*array.StringBuilder).Append(`{"command":"go test ./..."}`)
			} else {
				m.FieldBuilder(2).(*array.Int32Builder).Append(0)
				calls.AppendNull()
			}
		}
	}
	return b.NewRecordBatch()
}

func textOptions(l Level) WriterOptions {
	return WriterOptions{Level: l, Dictionary: []string{"policy", "messages.role", "messages.tool_calls.name"}}
}

func BenchmarkWrite(b *testing.B) {
	batch := freshBatch(80)
	defer batch.Release()
	for _, level := range []Level{Fastest, Default, Better} {
		b.Run(string(level), func(b *testing.B) {
			b.SetBytes(Size(batch))
			b.ReportAllocs()
			w, err := NewWriter(io.Discard, batch.Schema(), textOptions(level))
			if err != nil {
				b.Fatal(err)
			}
			clock := startCPU()
			for b.Loop() {
				g := w.NewRowGroup()
				if err := g.Write(batch); err != nil {
					b.Fatal(err)
				}
				if err := w.Commit(g); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(Size(batch))*float64(len(w.groups))/float64(w.out.n), "ratio")
			clock.report(b, Size(batch))
		})
	}
}

func BenchmarkRead(b *testing.B) {
	batch := freshBatch(80)
	defer batch.Release()
	for _, codec := range []Codec{Zstd, Snappy, Uncompressed} {
		opt := textOptions(Default)
		opt.Codec = codec
		data := writeFile(b, batch.Schema(), opt, []arrow.RecordBatch{batch})
		for _, columns := range [][]string{nil, {"id", "policy", "messages.role"}} {
			name := string(codec)
			if columns != nil {
				name += "-narrow"
			}
			b.Run(name, func(b *testing.B) {
				b.SetBytes(Size(batch))
				b.ReportAllocs()
				f, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{})
				if err != nil {
					b.Fatal(err)
				}
				clock := startCPU()
				for b.Loop() {
					for _, err := range f.Batches(context.Background(), Select{Columns: columns}) {
						if err != nil {
							b.Fatal(err)
						}
					}
				}
				clock.report(b, Size(batch))
			})
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	batch := freshBatch(1)
	defer batch.Release()
	var groups [][]arrow.RecordBatch
	for range 100 {
		groups = append(groups, []arrow.RecordBatch{batch})
	}
	data := writeFile(b, batch.Schema(), textOptions(Fastest), groups...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// A cpuClock measures what the process really spent, the collector included:
// on a shared machine that says more than the wall does.
type cpuClock time.Duration

func startCPU() cpuClock {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return cpuClock(time.Duration(u.Utime.Nano() + u.Stime.Nano()))
}

func (c cpuClock) report(b *testing.B, bytes int64) {
	spent := time.Duration(startCPU() - c).Seconds()
	b.ReportMetric(float64(bytes)*float64(b.N)/1e6/spent, "MB/cpu-s")
}
