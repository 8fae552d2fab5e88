//! What is refused, with the message: one mistake a file, named after it. What compiles is in `hygiene.rs`.
//!
//! `TRYBUILD=overwrite cargo test -p wirecall-macros --test ui` records the messages anew.

#[test]
fn every_mistake_is_told_on_its_token_with_the_cure() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
