//! The credit of both ends of a stream, moved by any sequence of grants, items and takes: nothing is sent beyond it, and nothing overflows.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wirecall::__fuzzing::credit(bytes));
