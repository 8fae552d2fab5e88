//! The MessagePack decoder: any bytes are a message, a batch, or an error with an id.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wirecall::__fuzzing::msgpack(bytes));
