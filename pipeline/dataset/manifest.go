package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// FormatVersion is the layout of a dataset that this package writes. Readers
// refuse a later one.
const FormatVersion = 1

// Names inside a dataset.
const (
	manifestName = "manifest.json"
	statsName    = "stats.json"
	cardName     = "README.md"
	rejectsName  = "rejects/part-00000.jsonl.zst"
	dataDir      = "data"
	indexDir     = "index"
)

// maxManifestBytes bounds manifest.json: 100,000 parts stay below it.
const maxManifestBytes = 64 << 20

// maxSideBytes bounds the other files that are read whole.
const maxSideBytes = 64 << 20

// Manifest says what a dataset is made of and where it came from. It is
// written last: a dataset without one does not exist.
type Manifest struct {
	FormatVersion int             `json:"format_version"`
	Kind          pipeline.Kind   `json:"kind"`
	Stage         string          `json:"stage"`
	StageVersion  int             `json:"stage_version"`
	Config        json.RawMessage `json:"config"`
	Key           pipeline.Key    `json:"key"`
	Parents       []Parent        `json:"parents"`
	Codec         string          `json:"codec,omitempty"`
	Counts        pipeline.Counts `json:"counts"`
	Parts         []Part          `json:"parts,omitempty"` // rows, in order
	Files         []Part          `json:"files"`           // everything else, sorted by path

	// SHA256 is the hash of this file with the field left empty, so that a
	// flipped byte in the manifest itself is found too.
	SHA256 string `json:"manifest_sha256"`
}

// A Parent is one input of the stage. The URI of a dataset is relative to the
// directory of the child where both are local, so that a folder of runs can
// be moved; raw inputs go by their name.
type Parent struct {
	Port string        `json:"port"`
	URI  string        `json:"uri"`
	Key  pipeline.Key  `json:"key"`
	Kind pipeline.Kind `json:"kind"`
}

// A Part is one file of a dataset: a Parquet part, or a file beside the parts.
type Part struct {
	Path   string       `json:"path"`
	Key    pipeline.Key `json:"key,omitempty"` // first half of SHA256: what views call the part
	Rows   int64        `json:"rows,omitempty"`
	Bytes  int64        `json:"bytes"`
	SHA256 string       `json:"sha256"`
}

// Rows counts the rows of all parts.
func (m *Manifest) Rows() int64 {
	var n int64
	for _, p := range m.Parts {
		n += p.Rows
	}
	return n
}

// encode returns the manifest's bytes with its own hash in place.
func (m Manifest) encode() ([]byte, error) {
	m.SHA256 = ""
	raw, err := marshalIndent(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	m.SHA256 = hex.EncodeToString(sum[:])
	return marshalIndent(m)
}

// parseManifest decodes and checks a manifest: the bytes must be exactly what
// encode would write for what they say.
func parseManifest(raw []byte) (Manifest, error) {
	var m Manifest
	var probe struct {
		FormatVersion int `json:"format_version"`
	}
	if err := json.Unmarshal(raw, &probe); err != nil {
		return m, fmt.Errorf("not a manifest: %w", err)
	}
	if probe.FormatVersion != FormatVersion {
		return m, fmt.Errorf("format version %d, this program reads %d", probe.FormatVersion, FormatVersion)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("not a manifest: %w", err)
	}
	var config bytes.Buffer
	if err := json.Compact(&config, m.Config); err != nil {
		return m, fmt.Errorf("config: %w", err)
	}
	m.Config = config.Bytes()
	if again, err := m.encode(); err != nil || !bytes.Equal(again, raw) {
		return m, errors.New("damaged: its content does not match its own hash")
	}
	return m, m.check()
}

// check asserts what holds of every manifest.
func (m *Manifest) check() error {
	if err := m.Counts.Check(); err != nil {
		return err
	}
	if len(m.Parts) > 0 && m.Counts.Out != m.Rows() {
		return fmt.Errorf("counts say %d rows out, the parts hold %d", m.Counts.Out, m.Rows())
	}
	seen := map[string]bool{manifestName: true}
	for _, p := range slices.Concat(m.Parts, m.Files) {
		if err := checkName(p.Path); err != nil {
			return err
		}
		if seen[p.Path] {
			return fmt.Errorf("file %q is listed twice", p.Path)
		}
		seen[p.Path] = true
		if p.Rows < 0 || p.Bytes < 0 || len(p.SHA256) != 2*sha256.Size {
			return fmt.Errorf("file %q has no sane size, row count or hash", p.Path)
		}
	}
	return nil
}

// checkName refuses a path that would leave the dataset's directory.
func checkName(name string) error {
	if name == "" || strings.HasPrefix(name, "/") || strings.Contains(name, "\\") ||
		path.Clean(name) != name || name == ".." || strings.HasPrefix(name, "../") {
		return fmt.Errorf("file name %q does not stay inside the dataset", name)
	}
	return nil
}

func marshalIndent(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
