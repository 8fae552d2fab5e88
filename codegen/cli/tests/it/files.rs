//! Contracts from files, and what is written and compared.

use std::fs;

use crate::{chat, folder, told, wirecall};

#[test]
fn clients_are_written_and_then_found_up_to_date() {
    let folder = folder("files-written").unwrap();
    chat(&folder).unwrap();
    let arguments = ["generate", "--contract", "chat.json", "--typescript", "ts", "--python", "py"];
    let (code, text) = told(&folder, &arguments).unwrap();
    assert_eq!((code, text.as_str()), (Some(0), "ts/chat.ts: written\npy/chat.py: written\n"));
    assert!(fs::read_to_string(folder.join("ts/chat.ts")).unwrap().contains("export class ChatClient"));
    assert_eq!(told(&folder, &arguments).unwrap(), (Some(0), String::new()));
    assert_eq!(told(&folder, &[&arguments[..], &["--check"]].concat()).unwrap(), (Some(0), String::new()));
}

#[test]
fn check_names_what_differs_and_the_command_to_run() {
    let folder = folder("files-differ").unwrap();
    chat(&folder).unwrap();
    let arguments = ["generate", "--contract", "chat.json", "--typescript", "my ts", "--python", "py"];
    told(&folder, &arguments).unwrap();
    fs::rename(folder.join("my ts/chat.ts"), folder.join("my ts/talk.ts")).unwrap();
    fs::write(folder.join("py/chat.py"), "# edited\n").unwrap();
    let (code, text) = told(&folder, &[&arguments[..], &["--check"]].concat()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(code, Some(1));
    assert_eq!(
        lines,
        [
            "my ts/chat.ts: is missing",
            "my ts/talk.ts: is generated, but no service has this file any more; delete it",
            "py/chat.py: is out of date",
            "run `wirecall generate --typescript 'my ts' --python py --contract chat.json`",
        ]
    );
    assert_eq!(fs::read_to_string(folder.join("py/chat.py")).unwrap(), "# edited\n");
}

#[test]
fn a_contract_is_printed_as_it_was_read() {
    let folder = folder("files-print").unwrap();
    let path = chat(&folder).unwrap();
    let output = wirecall(&folder, &["contract", "--contract", "chat.json"]).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), fs::read_to_string(path).unwrap());
}

#[test]
fn a_file_that_is_no_contract_is_told_by_name() {
    let folder = folder("files-bad").unwrap();
    let generate = |file| told(&folder, &["generate", "--typescript", "ts", "--contract", file]).unwrap();
    fs::write(folder.join("bad.json"), "{").unwrap();
    fs::write(folder.join("future.json"), "{ \"wirecall\": 2, \"services\": [] }").unwrap();
    for (file, words) in [
        ("absent.json", "cannot read the contract absent.json"),
        ("bad.json", "bad.json: not a wirecall contract"),
        ("future.json", "future.json: this contract has format 2"),
    ] {
        let (code, text) = generate(file);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_contract_that_names_an_absent_type_is_refused() {
    let folder = folder("files-hole").unwrap();
    let path = chat(&folder).unwrap();
    let text = fs::read_to_string(&path).unwrap().replace("\"RoomId\": {", "\"Room\": {");
    fs::write(&path, text).unwrap();
    let (code, text) = told(&folder, &["generate", "--typescript", "ts", "--contract", "chat.json"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("service `chat` uses the type `RoomId`, which is not in the contract"), "{text}");
}

#[test]
fn without_a_folder_it_says_how_to_name_one() {
    let folder = folder("files-nowhere").unwrap();
    chat(&folder).unwrap();
    let (code, text) = told(&folder, &["generate", "--contract", "chat.json"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("--typescript DIR, --python DIR"), "{text}");
}

#[test]
fn two_sources_at_once_are_refused() {
    let folder = folder("files-two").unwrap();
    let (code, text) =
        told(&folder, &["contract", "--contract", "a.json", "--url", "ws://127.0.0.1:1"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("cannot be used with"), "{text}");
}
