#[test]
fn a_runs_before() {}

#[test]
#[ignore]
fn is_ignored() {}

#[test]
fn z_hangs() {
    if std::env::var("HANG").is_ok() {
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
}
