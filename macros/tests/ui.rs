//! What compiles and what is refused, with the message: one mistake a file, named after it.
//!
//! `TRYBUILD=overwrite cargo test -p wirecall-macros --test ui` records the messages anew.

#[test]
fn every_mistake_is_told_on_its_token_with_the_cure() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
