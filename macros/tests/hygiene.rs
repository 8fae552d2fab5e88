//! What compiles, whatever stands around it. Each file is a program of its own but for being compiled with the others.
#![allow(
    unreachable_pub,
    unnameable_types,
    unused_qualifications,
    missing_docs,
    missing_debug_implementations,
    clippy::box_collection,
    clippy::indexing_slicing,
    clippy::unnecessary_wraps,
    clippy::use_self,
    reason = "lints of this workspace about programs that stand in one crate; each denies what it is about"
)]

#[path = "ui/pass/another_path_to_the_runtime.rs"]
mod another_path_to_the_runtime;
#[path = "ui/pass/empty_enums.rs"]
mod empty_enums;
#[path = "ui/pass/inside_a_function.rs"]
mod inside_a_function;
#[path = "ui/pass/inside_macro_rules.rs"]
mod inside_macro_rules;
#[path = "ui/pass/messages_of_every_form.rs"]
mod messages_of_every_form;
#[path = "ui/pass/names_of_the_expansion.rs"]
mod names_of_the_expansion;
#[path = "ui/pass/no_implicit_prelude.rs"]
mod no_implicit_prelude;
#[path = "ui/pass/raw_identifiers.rs"]
mod raw_identifiers;
#[path = "ui/pass/shadowed_names.rs"]
mod shadowed_names;
#[path = "ui/pass/streams_of_every_form.rs"]
mod streams_of_every_form;
#[path = "ui/pass/warnings_denied.rs"]
mod warnings_denied;

#[test]
fn the_runtime_is_found_where_the_user_says() {
    another_path_to_the_runtime::main();
}

#[test]
fn a_service_may_have_no_calls_and_a_set_no_members() {
    empty_enums::main();
}

#[test]
fn calls_may_stream_up_down_and_both_ways() {
    streams_of_every_form::main();
}

#[test]
fn an_enum_may_be_local_to_a_function() {
    inside_a_function::main();
}

#[test]
fn a_user_s_own_macro_may_write_the_enum() {
    inside_macro_rules::main();
}

#[test]
fn a_message_may_have_every_form_of_serde_s() {
    messages_of_every_form::main();
}

#[test]
fn variants_and_fields_may_have_the_names_of_the_expansion() {
    names_of_the_expansion::main();
}

#[test]
fn nothing_of_the_prelude_is_needed() {
    no_implicit_prelude::main();
}

#[test]
fn keywords_are_names_like_others() {
    raw_identifiers::main();
}

#[test]
fn names_of_the_prelude_may_mean_something_else() {
    shadowed_names::main();
}

#[test]
fn nothing_that_is_written_causes_a_warning() {
    warnings_denied::main();
}
