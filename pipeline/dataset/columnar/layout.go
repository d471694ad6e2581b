package columnar

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// A layout is the column tree of a file that is being read.
type layout struct {
	tops    []*node
	columns int      // leaves in the file, unread ones included
	skipped []string // "path (why)" of columns that this package does not read
	phys    []format.Type
}

// A treeReader turns the flattened schema back into a tree. Columns that
// cannot be read keep their place in the numbering and are left out of the tree.
type treeReader struct {
	elems []element
	next  int
	lay   layout
}

func layoutOf(elems []element) (*layout, error) {
	if len(elems) == 0 || elems[0].isLeaf {
		return nil, corrupt("schema has no root")
	}
	t := &treeReader{elems: elems, next: 1}
	for range elems[0].children {
		n, err := t.field("", 0, 0, 0, 0)
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		if slices.ContainsFunc(t.lay.tops, func(o *node) bool { return o.name == n.name }) {
			return nil, corrupt("schema has column %q twice", n.name)
		}
		n.retype()
		t.lay.tops = append(t.lay.tops, n)
	}
	if t.next != len(elems) {
		return nil, corrupt("schema: %d of %d elements belong to no group", len(elems)-t.next, len(elems))
	}
	return &t.lay, nil
}

// field reads one field, whatever its repetition, and everything below it. It
// returns nil for a field that this package does not read.
func (t *treeReader) field(parent string, rep, slotDef, def uint8, depth int) (*node, error) {
	if t.next >= len(t.elems) {
		return nil, corrupt("schema ends in the middle of a group")
	}
	if depth > 3*MaxDepth {
		return nil, corrupt("schema nests deeper than %d", MaxDepth)
	}
	e := &t.elems[t.next]
	t.next++
	path := e.name
	if parent != "" {
		path = parent + "." + e.name
	}
	if e.repetition != format.Repeated {
		return t.body(e, path, rep, slotDef, def, depth)
	}
	// A repeated field outside a LIST group is a list of required elements that
	// is itself never null.
	n := &node{name: e.name, path: path, kind: kindList, rep: rep, slotDef: slotDef, def: def, elemDef: def + 1, leaf: t.lay.columns}
	elem, err := t.body(e, path, rep+1, def+1, def+1, depth+1)
	if elem == nil || err != nil {
		return nil, err
	}
	n.kids, n.leaf = []*node{elem}, elem.leaf
	return n, nil
}

// body reads e as a single value: the repetition that makes it a list has been
// dealt with by the caller.
func (t *treeReader) body(e *element, path string, rep, slotDef, def uint8, depth int) (*node, error) {
	n := &node{name: e.name, path: path, rep: rep, slotDef: slotDef, leaf: t.lay.columns, nullable: e.repetition == format.Optional}
	if n.nullable {
		def++
	}
	n.def = def
	switch {
	case e.isLeaf:
		t.lay.columns++
		t.lay.phys = append(t.lay.phys, e.phys)
		var why string
		if n.typ, why = arrowOf(e); n.typ == nil {
			t.skip(path, why)
			return nil, nil
		}
		n.phys = e.phys
		return n, nil
	case e.isList() && e.children == 1:
		return t.list(e, n, depth)
	case e.isMap() && e.children == 1: // pairs lie on disk as a list of them does
		n.mapped = true
		return t.list(e, n, depth)
	}
	n.kind = kindStruct
	for range e.children {
		k, err := t.field(path, rep, slotDef, def, depth+1)
		if err != nil {
			return nil, err
		}
		if k != nil {
			n.kids = append(n.kids, k)
		}
	}
	if len(n.kids) == 0 {
		return nil, nil // every child was skipped, and said so
	}
	n.leaf = n.kids[0].leaf
	return n, nil
}

// list reads what is below a group annotated LIST, in any of the shapes that
// writers have given it over the years (LogicalTypes.md, "Backward-compatibility rules").
func (t *treeReader) list(e *element, n *node, depth int) (*node, error) {
	n.kind, n.elemDef = kindList, n.def+1
	if t.next >= len(t.elems) {
		return nil, corrupt("schema ends in the middle of a LIST")
	}
	mid := &t.elems[t.next]
	if mid.repetition != format.Repeated {
		return nil, corrupt("schema: LIST %s holds no repeated field", n.path)
	}
	t.next++
	var elem *node
	var err error
	if mid.isLeaf || mid.children != 1 || t.legacyTuple(e, mid) {
		elem, err = t.body(mid, n.path, n.rep+1, n.elemDef, n.elemDef, depth+1)
	} else {
		elem, err = t.element(n, depth+1)
	}
	if elem == nil || err != nil {
		return nil, err
	}
	n.kids, n.leaf = []*node{elem}, elem.leaf
	return n, nil
}

// element reads the one child of the repeated group of a three-level LIST. Its
// name is plumbing and stays out of the dotted path.
func (t *treeReader) element(n *node, depth int) (*node, error) {
	if t.next >= len(t.elems) {
		return nil, corrupt("schema ends in the middle of a LIST")
	}
	if depth > 3*MaxDepth {
		return nil, corrupt("schema nests deeper than %d", MaxDepth)
	}
	e := &t.elems[t.next]
	t.next++
	return t.body(e, n.path, n.rep+1, n.elemDef, n.elemDef, depth)
}

// legacyTuple reports whether the repeated group of a LIST is itself the
// element although it has a single field.
func (t *treeReader) legacyTuple(e, mid *element) bool {
	if mid.name == "array" || mid.name == e.name+"_tuple" {
		return true
	}
	return t.next < len(t.elems) && t.elems[t.next].repetition == format.Repeated
}

func (t *treeReader) skip(path, why string) {
	t.lay.skipped = append(t.lay.skipped, fmt.Sprintf("%s (%s)", path, why))
}

func (e *element) isList() bool {
	return e.logical == (*format.ListType)(nil).FieldID() || e.hasConv && e.converted == deprecated.List
}

func (e *element) isMap() bool {
	return e.logical == (*format.MapType)(nil).FieldID() ||
		e.hasConv && (e.converted == deprecated.Map || e.converted == deprecated.MapKeyValue)
}

// arrowOf names the Arrow type of a leaf, or says why it has none here.
func arrowOf(e *element) (arrow.DataType, string) {
	switch e.phys {
	case format.Boolean:
		return arrow.FixedWidthTypes.Boolean, ""
	case format.Float:
		return arrow.PrimitiveTypes.Float32, ""
	case format.Double:
		return arrow.PrimitiveTypes.Float64, ""
	case format.ByteArray:
		return bytesTypeOf(e)
	case format.Int32, format.Int64:
		return intTypeOf(e)
	}
	return nil, e.phys.String()
}

// bytesTypeOf tells text from bytes. JSON and ENUM are UTF-8 by definition.
func bytesTypeOf(e *element) (arrow.DataType, string) {
	switch e.logical {
	case (*format.StringType)(nil).FieldID(), (*format.EnumType)(nil).FieldID(), (*format.JsonType)(nil).FieldID():
		return arrow.BinaryTypes.String, ""
	case 0:
	case (*format.BsonType)(nil).FieldID():
		return arrow.BinaryTypes.Binary, ""
	default:
		return nil, "BYTE_ARRAY of another logical type"
	}
	if !e.hasConv {
		return arrow.BinaryTypes.Binary, ""
	}
	switch e.converted {
	case deprecated.UTF8, deprecated.Enum, deprecated.Json:
		return arrow.BinaryTypes.String, ""
	case deprecated.Bson:
		return arrow.BinaryTypes.Binary, ""
	}
	return nil, fmt.Sprintf("BYTE_ARRAY of converted type %d", e.converted)
}

// intTypeOf reads numbers, days and instants. Narrow integers are read as what
// they are stored as.
func intTypeOf(e *element) (arrow.DataType, string) {
	wide := e.phys == format.Int64
	switch {
	case e.isDate() && !wide:
		return arrow.FixedWidthTypes.Date32, ""
	case e.isTimestamp() && wide:
		return e.timestamp()
	case e.isUnsigned() && wide:
		return arrow.PrimitiveTypes.Uint64, ""
	case e.isUnsigned():
		return arrow.PrimitiveTypes.Uint32, ""
	case !e.isSigned():
		return nil, e.otherInt()
	case wide:
		return arrow.PrimitiveTypes.Int64, ""
	}
	return arrow.PrimitiveTypes.Int32, ""
}

func (e *element) isDate() bool {
	return e.logical == (*format.DateType)(nil).FieldID() || e.logical == 0 && e.hasConv && e.converted == deprecated.Date
}

func (e *element) isTimestamp() bool {
	return e.logical == (*format.TimestampType)(nil).FieldID() ||
		e.logical == 0 && e.hasConv && (e.converted == deprecated.TimestampMillis || e.converted == deprecated.TimestampMicros)
}

// timestamp names the type of instants. What counts in an unknown unit is not
// read.
func (e *element) timestamp() (arrow.DataType, string) {
	unit, utc := e.unit, e.utc
	if e.logical == 0 { // the older annotation is of instants
		unit, utc = 1, true
		if e.converted == deprecated.TimestampMicros {
			unit = 2
		}
	}
	if unit < 1 || unit > 3 {
		return nil, "TIMESTAMP of another unit"
	}
	typ := &arrow.TimestampType{Unit: []arrow.TimeUnit{arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond}[unit-1]}
	if utc {
		typ.TimeZone = "UTC"
	}
	return typ, ""
}

func (e *element) isUnsigned() bool {
	if e.logical == (*format.IntType)(nil).FieldID() {
		return !e.intSigned
	}
	return e.logical == 0 && e.hasConv && (e.converted == deprecated.Uint8 || e.converted == deprecated.Uint16 ||
		e.converted == deprecated.Uint32 || e.converted == deprecated.Uint64)
}

func (e *element) isSigned() bool {
	switch {
	case e.logical == (*format.IntType)(nil).FieldID():
		return e.intSigned
	case e.logical != 0:
		return false
	case e.hasConv:
		return e.converted == deprecated.Int8 || e.converted == deprecated.Int16 || e.converted == deprecated.Int32 || e.converted == deprecated.Int64
	}
	return true
}

func (e *element) otherInt() string {
	if e.logical != 0 {
		return fmt.Sprintf("%s of another logical type", e.phys)
	}
	return fmt.Sprintf("%s of converted type %d", e.phys, e.converted)
}

// pick returns the tree with only the named columns: top-level names or dotted
// paths into lists and structs, in file order. Nil means every column.
func (l *layout) pick(columns []string) ([]*node, error) {
	if columns == nil {
		if len(l.skipped) > 0 {
			return nil, fmt.Errorf("has columns of types that are not read: %s; name the columns to read", strings.Join(l.skipped, ", "))
		}
		return l.tops, nil
	}
	if len(columns) == 0 {
		return nil, errors.New("no columns are selected; nil means all")
	}
	used := map[string]bool{}
	var out []*node
	for _, n := range l.tops {
		if k := n.prune(columns, used); k != nil {
			out = append(out, k)
		}
	}
	for _, c := range columns {
		if !used[c] {
			return nil, l.unknown(c)
		}
	}
	return out, nil
}

func (l *layout) unknown(column string) error {
	for _, s := range l.skipped {
		if strings.HasPrefix(s, column+" (") || strings.HasPrefix(s, column+".") {
			return fmt.Errorf("column %s is of a type that is not read: %s", column, s)
		}
	}
	names := make([]string, len(l.tops))
	for i, n := range l.tops {
		names[i] = n.name
	}
	return fmt.Errorf("no column %q; there are %s", column, strings.Join(names, ", "))
}

// prune copies n without the leaves that columns do not name. What is kept
// whole is n's own, which other readers of the file look at too: it is not
// written to.
func (n *node) prune(columns []string, used map[string]bool) *node {
	if slices.Contains(columns, n.path) {
		used[n.path] = true
		return n
	}
	if n.kind == kindLeaf {
		return nil
	}
	out := *n
	out.kids = nil
	for _, k := range n.kids {
		if p := k.prune(columns, used); p != nil {
			out.kids = append(out.kids, p)
		}
	}
	if len(out.kids) == 0 {
		return nil
	}
	out.leaf = out.kids[0].leaf
	out.retypeTop()
	return &out
}
