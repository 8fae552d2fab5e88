//! Contracts of every kind are compared with what they are themselves, type by type.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wirecall_contract::Contract;
use wirecall_contract::compatibility::compare;

/// Gives the schema another default, which is no part of what may cross the wire.
fn touch(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert("default".to_owned(), json!("touched"));
    }
}

fn touch_all(contract: &mut Value) {
    for side in ["inputs", "outputs"] {
        let definitions = contract.get_mut(side).and_then(Value::as_object_mut);
        definitions.into_iter().flat_map(|all| all.values_mut()).for_each(touch);
    }
    let services = contract.get_mut("services").and_then(Value::as_array_mut);
    for service in services.into_iter().flatten() {
        let calls = service.get_mut("calls").and_then(Value::as_array_mut);
        for call in calls.into_iter().flatten() {
            for place in ["/params/schema", "/returns", "/stream", "/upload"] {
                call.pointer_mut(place).into_iter().for_each(touch);
            }
        }
    }
}

#[test]
fn what_is_the_same_type_by_type_is_compatible_in_contracts_of_every_kind() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/contracts");
    let mut compared = 0;
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let released = Contract::from_json(&text).unwrap();
        let mut touched: Value = serde_json::from_str(&text).unwrap();
        touch_all(&mut touched);
        let current = Contract::from_json(&touched.to_string()).unwrap();
        for service in &released.services {
            let name = &service.name;
            let breaking: Vec<String> = compare(name, &released, &current)
                .into_iter()
                .filter(|change| change.breaking)
                .map(|change| change.to_string())
                .collect();
            assert_eq!(breaking, Vec::<String>::new(), "{name}");
            compared += usize::from(released.fingerprint(name) != current.fingerprint(name));
        }
    }
    assert!(compared >= 7);
}
