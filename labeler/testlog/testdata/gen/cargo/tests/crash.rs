#[test]
fn a_runs_before() {}

#[test]
fn b_aborts() {
    std::process::abort();
}

#[test]
fn c_never_runs() {}
