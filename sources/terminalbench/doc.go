// Package terminalbench reads trials of Terminal-Bench 1: a folder with
// results.json and what was seen of the run. (Terminal-Bench 2 runs in Harbor
// and writes ATIF, see sources/atif.)
//
//	document and folder                       record
//	task_id                                   InstanceID
//	trial_name "….2-of-5.…"                   Rollout
//	run_metadata.json of the run              PolicyRaw, Scaffold, Source
//	the folder of the run                     Run
//	instruction                               the issue
//	agent-logs/episode-N/{prompt,response}    the dialogue, where the agent logged it, else
//	commands.txt                              actions: a call of send_keys for each line
//	sessions/agent.log, panes/post-agent.txt  what the terminal showed, after the actions
//	failure_mode                              ExitStatus, Claims
//	is_resolved, parser_results               Claims
//	sessions/tests.log, panes/post-test.txt   Claims, test_output
//	total_{input,output}_tokens               Usage
//	agent_{started,ended}_at                  Usage.WallSeconds
//
// Traps. is_resolved is null where the tests gave no answer, and may be true
// although the agent ran out of time. Agents that run inside the container log
// no dialogue of their own: then keys and terminal are all there is, and which
// output answers which keys is not recorded. The harness types into the same
// terminal: its recorder and its tests are no actions of the policy and stand in
// Extra. A pane is as wide as the terminal, so that long lines of it are broken;
// the log is raw and is kept beside its readable form. A count of 0 tokens
// means that nobody counted.
//
// The list results.json of a whole run is no trial: `label reports` reads it.
package terminalbench
