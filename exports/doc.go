// Package exports writes trajectories as other tools read them: rows for
// trainers, documents for viewers, and the files of two scaffolds.
//
//	openai    JSON lines: messages as a chat API takes them, tools, ids
//	sharegpt  JSON lines: conversations of from and value, calls as text
//	atif      one document of the Agent Trajectory Interchange Format each
//	miniswe   one .traj.json of mini-swe-agent each
//	sweagent  one .traj of SWE-agent 1.x each
//
// What is written is what the policy saw and did: contents as they were shown to
// it, never the raw output behind them. In the first three, demonstrations, the
// scaffold's last word and hidden reasoning stay out unless asked for; the last
// two write every message, and reading them back with the importer gives the same
// messages.
//
// An outcome is written only where a label set is given, and then only where its
// verdict is resolved or unresolved: every other verdict leaves the key out. Claims
// are never written.
//
// Promises. in = out + dropped, with a reason for each. Rows come in the order of
// the dataset, and the same dataset and options give the same bytes. One trajectory
// is in memory at a time beside what the dataset reads ahead. Nothing is
// overwritten; a file appears when it is whole, and a folder is whole when it holds
// export.json.
package exports
