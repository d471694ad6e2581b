# Rust: libtest through cargo. One thread keeps the order of lines.
need cargo || return 0
run cargo all cargo test --no-fail-fast -- --test-threads=1
run cargo nocapture cargo test --lib -- --test-threads=1 --nocapture
run cargo colour cargo test --lib --color always -- --test-threads=1 --color always
HANG=1 run cargo hang timeout 4 cargo test --test hang -- --test-threads=1
echo 'fn broken( {' >>src/lib.rs
run cargo broken cargo test
