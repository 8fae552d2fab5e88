//! A contract file that anybody may have written: it is refused, or it can be written back, fingerprinted, and printed in both
//! languages without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirecall_codegen::{Language, Options, generate};
use wirecall_contract::Contract;

fuzz_target!(|text: &str| {
    let Ok(contract) = Contract::from_json(text) else { return };
    let written = contract.to_json();
    let again = Contract::from_json(&written).expect("what was written is read again");
    assert_eq!(again.to_json(), written, "writing is stable");
    for service in &contract.services {
        assert_eq!(contract.fingerprint(&service.name), again.fingerprint(&service.name));
    }
    for language in [Language::TypeScript, Language::Python] {
        // What cannot be printed is an error.
        drop(generate(&contract, &Options::new(language)));
    }
});
