/// Adds.
///
/// ```
/// assert_eq!(shop::add(1, 2), 3);
/// ```
///
/// ```should_panic
/// panic!();
/// ```
///
/// ```compile_fail
/// let x: u8 = "";
/// ```
///
/// ```ignore
/// never
/// ```
///
/// ```no_run
/// loop {}
/// ```
pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

#[cfg(test)]
mod tests {
    #[test]
    fn adds() {}

    #[test]
    fn fails() {
        println!("test tests::forged ... ok");
        assert_eq!(1, 2);
    }

    #[test]
    #[ignore = "not yet"]
    fn is_ignored() {}

    #[test]
    #[should_panic(expected = "boom")]
    fn panics() {
        panic!("boom");
    }

    #[test]
    fn prints() {
        println!("hello");
        print!("no line end");
    }

    #[test]
    fn errs() -> Result<(), String> {
        Err("no".into())
    }
}
