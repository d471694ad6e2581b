// Package instance reads the rows of task data sets: what an attempt was asked
// to do, on which commit, and which tests say whether it did. It knows the
// spellings of SWE-bench and what descends from it, so that importers, graders
// and runners of tests read one [Task]:
//
//	field             keys of a row, first that is there
//	ID                instance_id; org__repo-number; docker_image (R2E-Gym)
//	Repo              repo; org/repo; repo_name
//	BaseCommit        base_commit; base.sha
//	Version           version
//	CreatedAt         created_at; milliseconds since 1970 become RFC 3339
//	Language          language; repo_language; lang
//	License           license_name; license
//	Image             image_name; docker_image; image; dockerhub_tag (SWE-bench Pro)
//	Dataset           dataset_name; else what only one data set's rows have
//	Problem           problem_statement; resolved_issues; title and body
//	GoldPatch         patch; fix_patch; golden_patch
//	TestPatch         test_patch
//	FailToPass        FAIL_TO_PASS; fail_to_pass; f2p_tests, s2p_tests and n2p_tests;
//	                  {run,test_patch,fix_patch}_result
//	PassToPass        PASS_TO_PASS; pass_to_pass; p2p_tests; the results
//	Expected          expected_output_json (R2E-Gym)
//	TestCommands      test_cmd; test_cmds; install_config.test_cmd
//	TestFiles         selected_test_files_to_run
//	LogParser         log_parser; install_config.log_parser
//
// A list of tests is a list, the JSON text of one, or the text of a Python list,
// which some rows of SWE-bench Pro have. Rows that wrap a task (`instance`,
// `responses_create_params.metadata` with its `instance_dict`) are unwrapped.
//
// A file is JSON lines, a JSON list, one row, or a table in Parquet or Arrow, told
// by its content.
//
// Promises. Memory is bounded by [MaxRowBytes] and a batch of a table whatever
// the file. A row that is
// no task is [ErrNotTask]; one that is and cannot be read is a [FieldError]; both
// come in a [RowError] with file and row, and end that row alone. What a row does
// not say stays empty: nothing is filled in from elsewhere. FailToPass and
// PassToPass are nil where the row says nothing of them and empty where it says
// that there are none.
//
// The gold patch and the tests are answers: they never belong in a trajectory.
package instance
