#[test]
fn adds() {
    assert_eq!(shop::add(1, 2), 3);
}
