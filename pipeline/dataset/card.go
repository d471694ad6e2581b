package dataset

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// card writes README.md. Its YAML names the Parquet parts, so that readers
// which take a directory (load_dataset) find the rows and not the index. The parts of
// the manifest are not known yet, but how many there are.
func card(m *Manifest, parts int, s *Stats) []byte {
	var b bytes.Buffer
	b.WriteString("---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/*.parquet\n")
	fmt.Fprintf(&b, "tags:\n- swerm\n- swerm-%s\n---\n\n", m.Kind)
	fmt.Fprintf(&b, "# swerm %s\n\n", m.Kind)
	fmt.Fprintf(&b, "%s rows in %d parts, made by stage `%s` version %d.\n\n",
		thousands(s.Rows), parts, m.Stage, m.StageVersion)
	fmt.Fprintf(&b, "Key `%s`. Records: %s.\n\n", m.Key, m.Counts)
	if len(m.Parents) > 0 {
		b.WriteString("Made from:\n\n| input | kind | key | where |\n|---|---|---|---|\n")
		for _, p := range m.Parents {
			fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", cell(p.Port), p.Kind, p.Key.Short(), cell(p.URI))
		}
		b.WriteString("\n")
	}
	cardDistributions(&b, s)
	cardValues(&b, s)
	b.WriteString("## Reading\n\n```python\n")
	b.WriteString("datasets.load_dataset(DIR)            # Hugging Face datasets\n")
	b.WriteString("duckdb.sql(\"from 'DIR/data/*.parquet'\")\n")
	b.WriteString("polars.scan_parquet(\"DIR/data/*.parquet\")\n")
	b.WriteString("pyarrow.parquet.read_table(\"DIR/data\")\n```\n\n")
	b.WriteString("`manifest.json` lists every file with its hash; `rejects/` holds what was not kept, and why")
	if m.Kind == pipeline.KindTrajectories {
		b.WriteString("; `index/` holds the scalar columns with the place of every row")
	}
	b.WriteString(".\n")
	return b.Bytes()
}

func cardDistributions(b *bytes.Buffer, s *Stats) {
	if len(s.Dist) == 0 {
		return
	}
	b.WriteString("| measure | mean | min | p50 | p90 | p99 | max |\n|---|---|---|---|---|---|---|\n")
	for _, name := range sortedKeys(s.Dist) {
		d := s.Dist[name]
		fmt.Fprintf(b, "| %s | %.1f | %d | %d | %d | %d | %d |\n", name, d.Mean(), d.Min,
			d.Quantile(0.5), d.Quantile(0.9), d.Quantile(0.99), d.Max)
	}
	b.WriteString("\nQuantiles are lower edges of buckets an eighth of an octave wide.\n\n")
}

// cardValuesShown bounds a table of the card; stats.json has the rest.
const cardValuesShown = 12

func cardValues(b *bytes.Buffer, s *Stats) {
	for _, column := range sortedKeys(s.By) {
		values := s.By[column]
		names := sortedKeys(values)
		slices.SortStableFunc(names, func(x, y string) int { return int(min(1, max(-1, values[y]-values[x]))) })
		fmt.Fprintf(b, "| %s | rows |\n|---|---|\n", column)
		for i, v := range names {
			if i == cardValuesShown {
				fmt.Fprintf(b, "| … %d more | |\n", len(names)-i)
				break
			}
			fmt.Fprintf(b, "| %s | %d |\n", cell(v), values[v])
		}
		b.WriteString("\n")
	}
}

// cell makes text safe inside a Markdown table: it comes from data.
func cell(s string) string {
	if s == "" {
		return "(none)"
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return strings.NewReplacer("|", "\\|", "<", "&lt;", ">", "&gt;", "`", "'", "[", "\\[", "]", "\\]").Replace(s)
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
