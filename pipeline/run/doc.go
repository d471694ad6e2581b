// Package run executes run files: YAML that names stages and wires them, with
// a ledger of what has been done.
//
//	name: demo
//	out: runs/demo
//	vars:
//	  RAW: ${SWERM_RAW:-data/raw}
//	stages:
//	  - id: import
//	    stage: import
//	    inputs: {raw: ["${RAW}/a.tar.xz", "${RAW}/b.tar.xz"]}
//	  - id: label
//	    stage: label_reports
//	    inputs: {dataset: import, reports: ["${RAW}/a.tar.xz"]}
//	    with: {tree: lenient}
//
// The output of a stage lies at OUT/<id>-<first ten digits of its key>, where
// the key covers stage, version, config and the content of the inputs. So a
// task whose output is there is not run again, a second run does nothing, and
// a changed config runs again only what depends on it. OUT/run.json names the
// current output of every id, OUT/ledger.jsonl tells what happened when, and
// OUT/.lock keeps two runs of one directory apart. Raw inputs are hashed once
// and remembered in OUT/.cache by path, size and modification time.
//
// A stage that fails does not take others with it: what does not depend on it
// still runs, finished outputs stay, and the next run goes on from there. So
// it does after Ctrl-C and after kill -9.
//
// The package does not know any stage: it is given the list. Paths in a run
// file are relative to the working directory.
package run
