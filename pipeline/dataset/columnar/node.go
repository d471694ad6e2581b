package columnar

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/parquet-go/parquet-go/format"
)

// A kind says what a node of the column tree is.
type kind uint8

const (
	kindLeaf kind = iota
	kindList
	kindStruct
)

// A node is one field of the column tree, with the repetition and definition
// levels that Parquet counts for it. Both directions work on this tree: a
// writer makes it from an Arrow schema, a reader from a footer.
type node struct {
	name     string
	path     string // dotted, as Arrow sees it: list plumbing is left out
	kind     kind
	mapped   bool // of a list: its elements are pairs of a map
	nullable bool
	rep      uint8 // lists around this node, itself not counted
	slotDef  uint8 // definition level from which a slot of this node exists
	def      uint8 // definition level from which this node is present
	elemDef  uint8 // of a list: definition level from which it has an element
	leaf     int   // column index in the file; of a list or struct: its first leaf
	phys     format.Type
	typ      arrow.DataType
	kids     []*node
}

// field describes n as Arrow does.
func (n *node) field() arrow.Field {
	return arrow.Field{Name: n.name, Type: n.typ, Nullable: n.nullable}
}

// leaves appends the leaves below n in column order.
func (n *node) leaves(dst []*node) []*node {
	if n.kind == kindLeaf {
		return append(dst, n)
	}
	for _, k := range n.kids {
		dst = k.leaves(dst)
	}
	return dst
}

// place fixes the levels of n and everything below it, and gives leaves their
// column index, starting at leaf. It returns the next free index.
func (n *node) place(path string, rep, slotDef, def uint8, leaf int) int {
	n.path, n.rep, n.slotDef, n.leaf = path, rep, slotDef, leaf
	if n.nullable {
		def++
	}
	n.def = def
	switch n.kind {
	case kindLeaf:
		return leaf + 1
	case kindList:
		n.elemDef = def + 1
		return n.kids[0].place(path, rep+1, n.elemDef, n.elemDef, leaf)
	default:
		for _, k := range n.kids {
			leaf = k.place(path+"."+k.name, rep, slotDef, def, leaf)
		}
		return leaf
	}
}

// retype recomputes the Arrow type of n and of everything below it.
func (n *node) retype() {
	for _, k := range n.kids {
		k.retype()
	}
	n.retypeTop()
}

// retypeTop recomputes the Arrow type of n alone; that of its children stands.
func (n *node) retypeTop() {
	switch n.kind {
	case kindList:
		if pair := n.kids[0]; n.mapped && pair.kind == kindStruct && len(pair.kids) == 2 {
			n.typ = arrow.MapOfFields(pair.kids[0].field(), pair.kids[1].field())
			return
		}
		elem := n.kids[0].field()
		elem.Name = "item" // what arrow.ListOf calls it, whatever the file does
		n.typ = arrow.ListOfField(elem)
	case kindStruct:
		fields := make([]arrow.Field, len(n.kids))
		for i, k := range n.kids {
			fields[i] = k.field()
		}
		n.typ = arrow.StructOf(fields...)
	}
}

// treeOf compiles an Arrow schema for writing and reports every field that
// cannot be written.
func treeOf(sc *arrow.Schema) ([]*node, error) {
	var faults []error
	if sc == nil || sc.NumFields() == 0 {
		return nil, errors.New("columnar: schema has no columns")
	}
	tops := make([]*node, sc.NumFields())
	seen := map[string]bool{}
	leaf := 0
	for i, f := range sc.Fields() {
		if seen[f.Name] {
			faults = append(faults, fmt.Errorf("columnar: schema has column %q twice", f.Name))
		}
		seen[f.Name] = true
		n := nodeOf(f, f.Name, 0, &faults)
		if len(faults) == 0 {
			leaf = n.place(f.Name, 0, 0, 0, leaf)
			n.retype()
		}
		tops[i] = n
	}
	return tops, errors.Join(faults...)
}

func nodeOf(f arrow.Field, path string, depth int, faults *[]error) *node {
	n := &node{name: f.Name, nullable: f.Nullable, typ: f.Type}
	if f.Name == "" {
		*faults = append(*faults, fmt.Errorf("columnar: schema: a field below %q has no name", path))
	}
	if depth > MaxDepth {
		*faults = append(*faults, fmt.Errorf("columnar: schema: %s nests deeper than %d", path, MaxDepth))
		return n
	}
	switch t := f.Type.(type) {
	case *arrow.ListType:
		n.kind = kindList
		n.kids = []*node{nodeOf(t.ElemField(), path, depth+1, faults)}
	case *arrow.StructType:
		n.kind = kindStruct
		if t.NumFields() == 0 {
			*faults = append(*faults, fmt.Errorf("columnar: schema: struct %s has no fields, which Parquet cannot hold", path))
		}
		for _, k := range t.Fields() {
			n.kids = append(n.kids, nodeOf(k, path+"."+k.Name, depth+1, faults))
		}
	default:
		var ok bool
		if n.phys, ok = physicalOf(f.Type); !ok {
			*faults = append(*faults, fmt.Errorf("columnar: schema: %s has type %s, which this package does not write", path, f.Type))
		}
	}
	return n
}

func physicalOf(t arrow.DataType) (format.Type, bool) {
	switch t.ID() {
	case arrow.STRING, arrow.BINARY:
		return format.ByteArray, true
	case arrow.INT32:
		return format.Int32, true
	case arrow.INT64:
		return format.Int64, true
	case arrow.FLOAT32:
		return format.Float, true
	case arrow.FLOAT64:
		return format.Double, true
	case arrow.BOOL:
		return format.Boolean, true
	}
	return 0, false
}

// width is the size of a value of a fixed-width physical type, in bytes; 0 for
// the others.
func width(p format.Type) int {
	switch p {
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	}
	return 0
}
