// Package report reads what test harnesses say about patches and finds out
// which attempt each report is about.
//
// Five families of file are read, told apart by content:
//
//	per instance   {"ID": {patch_exists, patch_successfully_applied, resolved, tests_status, …}}
//	flat           the same without the instance key; the id is the folder's name
//	flags          {resolved, empty_generation, failed_apply_patch, error_eval, test_timeout}
//	rows           {instance_id, test_result: {report: {flags}}}, one a line
//	lists          {ID: {cost, resolved}, …}: outcomes and nothing else
//	               {resolved_ids: […], unresolved_ids: […], error_ids: […], …} and the 2024 form
//
// What a verdict rests on. resolved is read and never derived: the applied flag
// says false beside resolved patches in some harnesses. An empty patch and one
// that does not apply are unresolved with their reason. infra_failure and
// error_eval are failures of the harness, test_timeout has no answer: none of
// them is a score. A report that says resolved and lists failed tests
// contradicts itself and is tainted.
//
// Which attempt. In this order: same folder, same run id, same patch after
// trailing white space is normalised (pipeline.PatchHash). A report belongs to
// one attempt: what one rule has given away is not there for the next, so that a
// run without a report does not take that of another run which happens to have
// written the same patch. Where several reports or several attempts fit, and
// equal patches do not decide, nobody gets a verdict. A report whose patch is
// known and differs is not believed.
//
// A list that none of these finds an attempt for may still say by its name
// (MODEL.RUN.json), or by predictions beside it, which model it is about: it is
// believed of the one attempt of that model at an instance, and of none where there
// are two. An instance listed as an error or as incomplete is unknown.
//
// The package does not grade logs and does not run anything.
package report
