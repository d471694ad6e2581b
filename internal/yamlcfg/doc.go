// Package yamlcfg reads the YAML that people write for swerm: run files,
// stage configs and overrides on the command line.
//
// It promises that a mistake is answered with the file, the line, the column
// and a caret under the spot, that every mistake of a file is listed and not
// only the first, and that nothing is guessed: an unknown key is an error
// with the nearest known one, 1.5 is no integer, and a key given twice is
// refused. Text keeps what was written: `policy: 1.10` is the string "1.10".
//
// Files are hostile: size, nesting and the number of nodes after aliases are
// bounded, so a small file cannot expand to a large one. Tags, several
// documents and keys that are not plain text are refused, since no config
// needs them.
//
// It does not read data: records are JSON and have their own decoders.
package yamlcfg
