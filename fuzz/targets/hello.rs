//! The parameters of hello and its answer, in both codecs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wirecall::__fuzzing::hello(bytes));
