package contract

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// FormatVersion is the layout of a contract's JSON that this package writes.
const FormatVersion = 1

// TokenizerFile is the name of the tokenizer in a checkpoint and in a
// tokenizer artifact.
const TokenizerFile = "tokenizer.json"

// The rules for trajectories longer than the limit.
const (
	OverflowDrop              = "drop"
	OverflowElideObservations = "elide_observations"
	OverflowElideAll          = "elide_all" // and at the very last the issue and the patch
	defaultMaxTokens          = 32768       // what the verifiers before SWE-RM read
	maxMaxTokens              = 1 << 24     // far above any context, and far below int32
	defaultYes, defaultNo     = "YES", "NO"
	defaultOverflow           = OverflowElideObservations
)

// Overflows lists the rules.
func Overflows() []string {
	return []string{OverflowDrop, OverflowElideObservations, OverflowElideAll}
}

// Options chooses a contract. The zero value is the default one. It is also the config of the stage "tokenize".
type Options struct {
	Template   string `json:"template,omitempty" yaml:"template"`       // "" = swerm-judge-1
	YesToken   string `json:"yes_token,omitempty" yaml:"yes_token"`     // "" = YES
	NoToken    string `json:"no_token,omitempty" yaml:"no_token"`       // "" = NO
	MaxTokens  int    `json:"max_tokens,omitempty" yaml:"max_tokens"`   // 0 = 32768
	Overflow   string `json:"overflow,omitempty" yaml:"overflow"`       // drop, elide_observations (default) or elide_all
	Reasoning  bool   `json:"reasoning,omitempty" yaml:"reasoning"`     // render hidden reasoning where it is recorded
	OmitPatch  bool   `json:"omit_patch,omitempty" yaml:"omit_patch"`   // do not render the patch
	OmitSystem bool   `json:"omit_system,omitempty" yaml:"omit_system"` // do not render the policy's instructions
}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	o.Template = cmp.Or(o.Template, DefaultTemplate)
	o.YesToken = cmp.Or(o.YesToken, defaultYes)
	o.NoToken = cmp.Or(o.NoToken, defaultNo)
	o.MaxTokens = cmp.Or(o.MaxTokens, defaultMaxTokens)
	o.Overflow = cmp.Or(o.Overflow, defaultOverflow)
	return o
}

// Validate lists every fault at once.
func (o Options) Validate() error {
	o = o.WithDefaults()
	_, err := FindTemplate(o.Template)
	errs := []error{err, checkLimit(o.MaxTokens, o.Overflow)}
	if o.YesToken == o.NoToken {
		errs = append(errs, fmt.Errorf("yes_token and no_token are both %q", o.YesToken))
	}
	return errors.Join(errs...)
}

func checkLimit(maxTokens int, overflow string) error {
	var errs []error
	if maxTokens < 1 || maxTokens > maxMaxTokens {
		errs = append(errs, fmt.Errorf("max_tokens %d is outside 1 to %d", maxTokens, maxMaxTokens))
	}
	if !slices.Contains(Overflows(), overflow) {
		errs = append(errs, fmt.Errorf("overflow %q is not one of %s", overflow, strings.Join(Overflows(), ", ")))
	}
	return errors.Join(errs...)
}

// A Rendering says which parts of a trajectory are read.
type Rendering struct {
	Reasoning bool `json:"reasoning"`
	Patch     bool `json:"patch"`
	System    bool `json:"system"`
}

// A Contract is everything that decides ids and scores. As data it is read
// from JSON; to encode it must be bound to its tokenizer ([New], [Contract.Bind]).
type Contract struct {
	FormatVersion int       `json:"format_version"`
	Template      Template  `json:"template"`
	TemplateHash  string    `json:"template_hash"`
	Rendering     Rendering `json:"rendering"`

	YesToken string `json:"yes_token"`
	NoToken  string `json:"no_token"`
	YesID    int32  `json:"yes_id"`
	NoID     int32  `json:"no_id"`

	TokenizerHash string `json:"tokenizer_hash"`
	VocabSize     int    `json:"vocab_size"`

	MaxTokens   int          `json:"max_tokens"`
	Overflow    string       `json:"overflow"`
	Calibration *Calibration `json:"calibration,omitempty"`

	bound *binding
}

// New makes a contract for a tokenizer and binds it.
func New(tok *tokenizer.Tokenizer, o Options) (*Contract, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	o = o.WithDefaults()
	tmpl, err := FindTemplate(o.Template)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	c := &Contract{
		FormatVersion: FormatVersion,
		Template:      tmpl,
		TemplateHash:  tmpl.Hash(),
		Rendering:     Rendering{Reasoning: o.Reasoning, Patch: !o.OmitPatch, System: !o.OmitSystem},
		YesToken:      o.YesToken,
		NoToken:       o.NoToken,
		TokenizerHash: tok.Hash(),
		VocabSize:     tok.VocabSize(),
		MaxTokens:     o.MaxTokens,
		Overflow:      o.Overflow,
	}
	yes, errYes := verdictID(tok, tmpl, o.YesToken)
	no, errNo := verdictID(tok, tmpl, o.NoToken)
	if err := errors.Join(errYes, errNo); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	c.YesID, c.NoID = yes, no
	if err := c.Bind(tok); err != nil {
		return nil, err
	}
	return c, nil
}

// verdictID finds the one token that a verdict is, standing where the template
// asks for it.
func verdictID(tok *tokenizer.Tokenizer, t Template, verdict string) (int32, error) {
	end := tok.EncodeSpecial(nil, t.End)
	whole := tok.EncodeSpecial(nil, t.End+verdict)
	if len(whole) != len(end)+1 || !slices.Equal(whole[:len(end)], end) {
		return 0, fmt.Errorf("%q is not one token after the template: train the tokenizer with it as a word, or choose another", verdict)
	}
	return whole[len(end)], nil
}

// Parse reads a contract's JSON strictly. The result is not bound.
func Parse(b []byte) (*Contract, error) {
	var c Contract
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &c, nil
}

// Validate lists every fault at once.
func (c *Contract) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	if c.FormatVersion != FormatVersion {
		return fmt.Errorf("contract: format version %d, this program reads %d", c.FormatVersion, FormatVersion)
	}
	errs = append(errs, c.Template.Validate(), c.Calibration.Validate(), checkLimit(c.MaxTokens, c.Overflow))
	fault(c.TemplateHash != c.Template.Hash(), "template_hash does not belong to the template's texts")
	fault(c.YesID == c.NoID, "yes_id and no_id are both %d", c.YesID)
	for _, id := range []int32{c.YesID, c.NoID} {
		fault(id < 0 || int(id) >= c.VocabSize, "verdict id %d is outside the vocabulary of %d", id, c.VocabSize)
	}
	fault(len(c.TokenizerHash) != 2*sha256.Size, "tokenizer_hash %q is not a SHA-256", c.TokenizerHash)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("contract: %w", err)
	}
	return nil
}

// Hash names everything that decides ids. The calibration is not part of it:
// it changes scores, and tokens made before it stay good.
func (c *Contract) Hash() string {
	plain := *c
	plain.Calibration = nil
	b, err := pipeline.CanonicalJSON(&plain)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Load reads the contract of a checkpoint directory and binds it to the
// tokenizer there.
func Load(dir string) (*Contract, error) {
	card, err := LoadCheckpoint(dir)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.Load(filepath.Join(dir, TokenizerFile))
	if err != nil {
		return nil, err
	}
	c := card.Contract
	if err := c.Bind(tok); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &c, nil
}

// Of reads the contract that a tokens dataset was made under. It is not bound.
func Of(_ context.Context, tokens *dataset.Dataset) (*Contract, error) {
	if tokens.Manifest.Kind != pipeline.KindTokens {
		return nil, fmt.Errorf("%s: holds %s, not %s", tokens.URI, tokens.Manifest.Kind, pipeline.KindTokens)
	}
	var config struct {
		Contract json.RawMessage `json:"contract"`
	}
	if err := json.Unmarshal(tokens.Manifest.Config, &config); err != nil || len(config.Contract) == 0 {
		return nil, fmt.Errorf("%s: the tokens name no contract", tokens.URI)
	}
	c, err := Parse(config.Contract)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tokens.URI, err)
	}
	return c, nil
}

// Bind attaches the tokenizer that the contract names and encodes the
// template. It must be called before Encode, and by one goroutine.
func (c *Contract) Bind(tok *tokenizer.Tokenizer) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if tok.Hash() != c.TokenizerHash {
		return fmt.Errorf("contract: made for tokenizer %.16s, this one is %.16s", c.TokenizerHash, tok.Hash())
	}
	var errs []error
	for _, t := range c.Template.Control {
		if id, ok := tok.ID(t); !ok || !tok.IsAdded(id) {
			errs = append(errs, fmt.Errorf("control token %q is no added token of the tokenizer", t))
		}
	}
	for _, v := range []struct {
		text string
		id   int32
	}{{c.YesToken, c.YesID}, {c.NoToken, c.NoID}} {
		if id, err := verdictID(tok, c.Template, v.text); err != nil || id != v.id {
			errs = append(errs, fmt.Errorf("verdict %q is token %d for the contract and %d for the tokenizer (%v)", v.text, v.id, id, err))
		}
	}
	b := newBinding(tok, c.Template)
	if need := len(b.begin) + len(b.end); need >= c.MaxTokens {
		errs = append(errs, fmt.Errorf("max_tokens %d leaves no room: the template alone takes %d", c.MaxTokens, need))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("contract: %w", err)
	}
	c.bound = b
	return nil
}

// binding is the template in ids, and the tokenizer for the rest.
type binding struct {
	tok         *tokenizer.Tokenizer
	begin, end  []int32
	open        [blockNames][]int32
	close       []int32
	call        []int32
	noPatch     []int32
	emptyPatch  []int32
	elidedText  []int32
	elidedTurns []int32

	pool sync.Pool // of *encoding
}

func newBinding(tok *tokenizer.Tokenizer, t Template) *binding {
	enc := func(s string) []int32 { return tok.EncodeSpecial([]int32{}, s) }
	b := &binding{tok: tok, begin: enc(t.Begin), end: enc(t.End), close: enc(t.Close), call: enc(t.Call),
		noPatch: enc(t.NoPatch), emptyPatch: enc(t.EmptyPatch), elidedText: enc(t.ElidedText), elidedTurns: enc(t.ElidedTurns)}
	for n := range b.open {
		b.open[n] = enc(strings.Replace(t.Open, blockMark, blockName(n).String(), 1))
	}
	return b
}
