//! The pieces of Python's syntax, laid out as ruff does.

use serde_json::Value;

use super::WIDTH;
use crate::print::docs::wrap;
use crate::print::layout::Doc;
use crate::print::names::{Scope, capitalized, snake};
pub(super) use crate::print::quote::quoted as string;

/// Python's keywords.
const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "case", "class", "continue", "def", "del", "elif",
    "else", "except", "false", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "match", "none", "nonlocal", "not", "or", "pass", "raise", "return", "true", "try", "while", "with",
    "yield",
];

/// Names in small letters that a module imports: a field of that name would hide them in its class.
const IMPORTED: &[&str] = &["date", "datetime", "field", "self"];

/// Modules of Python's own that a module of ours would hide from a program in the same folder.
pub(super) const MODULES: &[&str] = &[
    "abc",
    "argparse",
    "array",
    "ast",
    "asyncio",
    "atexit",
    "base64",
    "bdb",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "calendar",
    "cmath",
    "cmd",
    "code",
    "codecs",
    "codeop",
    "collections",
    "colorsys",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "csv",
    "ctypes",
    "curses",
    "dataclasses",
    "datetime",
    "dbm",
    "decimal",
    "difflib",
    "dis",
    "doctest",
    "email",
    "encodings",
    "enum",
    "errno",
    "faulthandler",
    "fcntl",
    "filecmp",
    "fileinput",
    "fnmatch",
    "fractions",
    "ftplib",
    "functools",
    "gc",
    "genericpath",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "graphlib",
    "grp",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "imaplib",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "mailbox",
    "marshal",
    "math",
    "mimetypes",
    "mmap",
    "msgspec",
    "multiprocessing",
    "netrc",
    "numbers",
    "opcode",
    "operator",
    "optparse",
    "os",
    "pathlib",
    "pdb",
    "pickle",
    "pickletools",
    "pkgutil",
    "platform",
    "plistlib",
    "poplib",
    "posix",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "pty",
    "pwd",
    "pyclbr",
    "pydoc",
    "queue",
    "quopri",
    "random",
    "re",
    "readline",
    "reprlib",
    "resource",
    "runpy",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtplib",
    "socket",
    "socketserver",
    "sqlite3",
    "ssl",
    "stat",
    "statistics",
    "string",
    "stringprep",
    "struct",
    "subprocess",
    "symtable",
    "sys",
    "sysconfig",
    "syslog",
    "tabnanny",
    "tarfile",
    "tempfile",
    "termios",
    "test",
    "textwrap",
    "this",
    "threading",
    "time",
    "timeit",
    "tkinter",
    "token",
    "tokenize",
    "tomllib",
    "trace",
    "traceback",
    "tracemalloc",
    "tty",
    "turtle",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uuid",
    "venv",
    "warnings",
    "wave",
    "weakref",
    "webbrowser",
    "websockets",
    "wirecall",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
    "zlib",
    "zoneinfo",
];

/// A literal type's value.
pub(super) fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), string)
}

/// A name that may stand where Python expects one.
pub(super) fn name(text: &str) -> String {
    let name = snake(text);
    if KEYWORDS.contains(&name.as_str()) { name + "_" } else { name }
}

/// The names of a record's fields, in their order. `extra` are names that mean something else in the class.
pub(super) fn fields<'w>(wires: impl Iterator<Item = &'w str>, extra: &[&str]) -> Vec<String> {
    let mut scope = Scope::reserving(KEYWORDS.iter().chain(IMPORTED).chain(extra).copied());
    wires.map(|wire| scope.take([snake(wire), format!("{}_", snake(wire))])).collect()
}

/// `open`, the items, `close`: on one line, or inside on one line, or one item a line.
pub(super) fn list(open: impl Into<Doc>, items: Vec<Doc>, close: &'static str) -> Doc {
    let trailing = Doc::IfBroken(",", "");
    enclosed(open, items, close, trailing)
}

/// As [`list`], for brackets in which a trailing comma means something.
pub(super) fn subscript(open: impl Into<Doc>, items: Vec<Doc>) -> Doc {
    let trailing = if items.len() > 1 { Doc::IfBroken(",", "") } else { Doc::empty() };
    enclosed(open, items, "]", trailing)
}

fn enclosed(open: impl Into<Doc>, items: Vec<Doc>, close: &'static str, trailing: Doc) -> Doc {
    if items.is_empty() {
        return Doc::Concat(vec![open.into(), close.into()]);
    }
    let items = Doc::join(vec![",".into(), Doc::Line], items);
    let inner = Doc::group(vec![items, trailing]);
    Doc::group(vec![open.into(), Doc::indent(vec![Doc::SoftLine, inner]), Doc::SoftLine, close.into()])
}

/// A docstring at `depth` steps of indent.
pub(super) fn docstring(text: &str, depth: usize) -> Doc {
    docstring_with(text, "", &[], depth)
}

/// A docstring with a section of entries behind it, such as `Raises:`.
pub(super) fn docstring_with(text: &str, section: &str, entries: &[(String, String)], depth: usize) -> Doc {
    let room = WIDTH.saturating_sub(depth * super::STEP);
    let clean = |text: &str| text.replace("\"\"\"", "'''");
    let mut lines = doc_lines(&clean(text), room);
    if !entries.is_empty() {
        lines.extend([String::new(), section.to_owned()]);
    }
    for (name, docs) in entries {
        let entry = wrap(&format!("{name}: {}", clean(docs)), room.saturating_sub(8));
        let places = entry.iter().enumerate();
        lines.extend(
            places.map(|(place, line)| format!("{}{line}", if place == 0 { "    " } else { "        " })),
        );
    }
    let raw = if lines.iter().any(|line| line.contains('\\')) { "r" } else { "" };
    let first = lines.first().cloned().unwrap_or_default();
    let quotes = format!("{raw}\"\"\"");
    if lines.len() == 1 && first.chars().count() + quotes.len() + 3 <= room {
        return format!("{quotes}{first}\"\"\"").into();
    }
    let start = std::iter::once(Doc::from(format!("{quotes}{first}")));
    let rest = lines.iter().skip(1).map(|line| line.clone().into());
    Doc::lines(start.chain(rest).chain(std::iter::once("\"\"\"".into())))
}

/// The lines of a docstring: a summary that fits on the first line, an empty line, the rest.
fn doc_lines(text: &str, room: usize) -> Vec<String> {
    let text = text.trim();
    let (head, tail) = text.split_once("\n\n").unwrap_or((text, ""));
    let head = head.split_whitespace().collect::<Vec<_>>().join(" ");
    let (summary, rest) = summary(&head, room.saturating_sub(4));
    let body: Vec<&str> =
        [rest.as_str(), tail.trim_matches('\n')].into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = vec![summary];
    if !body.is_empty() {
        lines.push(String::new());
        lines.extend(wrap(&body.join("\n\n"), room));
    }
    lines
}

/// The first line, which ends like a sentence and starts like one, and what did not fit on it.
fn summary(head: &str, room: usize) -> (String, String) {
    let head = head.trim_end_matches([':', ';', ',', ' ']);
    let stopped =
        |text: &str| if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") };
    let upper = |text: String| {
        let word = text.split(' ').next().unwrap_or_default().trim_end_matches(['.', ',', '!', '?']);
        if word.chars().all(|c| c.is_ascii_alphabetic()) { capitalized(&text) } else { text }
    };
    if head.chars().count() < room {
        return (upper(stopped(head)), String::new());
    }
    if let Some((first, rest)) = head.split_once(". ").filter(|(first, _)| first.chars().count() < room) {
        return (upper(format!("{first}.")), rest.to_owned());
    }
    let mut first = String::new();
    let mut words = head.split(' ').peekable();
    while let Some(word) = words.next_if(|word| first.chars().count() + 1 + word.chars().count() + 3 <= room)
    {
        if !first.is_empty() {
            first.push(' ');
        }
        first.push_str(word);
    }
    (upper(format!("{first}...")), format!("...{}", words.collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        docstring(text, 0).render(WIDTH, 4)
    }

    #[test]
    fn a_docstring_is_a_sentence() {
        assert_eq!(printed("posts a message"), "\"\"\"Posts a message.\"\"\"");
        assert_eq!(printed("Rooms:"), "\"\"\"Rooms.\"\"\"");
    }

    #[test]
    fn a_docstring_cannot_be_ended_from_inside() {
        assert_eq!(printed("a \"\"\" b"), "\"\"\"A ''' b.\"\"\"");
        assert_eq!(printed("a \\ b"), "r\"\"\"A \\ b.\"\"\"");
        assert_eq!(printed("ends with \""), "\"\"\"Ends with \".\"\"\"");
    }

    #[test]
    fn what_does_not_fit_the_first_line_follows_in_a_paragraph() {
        let long = "word ".repeat(30);
        let text = printed(&long);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.lines().nth(1), Some(""));
        assert!(text.lines().next().is_some_and(|line| line.ends_with("...")));
        assert_eq!(printed(&format!("One. {long}")).lines().next(), Some("\"\"\"One."));
    }

    #[test]
    fn fields_give_way_to_keywords_and_to_each_other() {
        assert_eq!(
            fields(["class", "a-b", "a_b", "None"].into_iter(), &[]),
            ["class_", "a_b", "a_b_", "none_"]
        );
    }

    #[test]
    fn a_list_goes_inside_before_it_goes_one_a_line() {
        let call = |width| list("call(", vec!["aaaa".into(), "bbbb".into()], ")").render(width, 4);
        assert_eq!(call(20), "call(aaaa, bbbb)");
        assert_eq!(call(15), "call(\n    aaaa, bbbb\n)");
        assert_eq!(call(12), "call(\n    aaaa,\n    bbbb,\n)");
    }
}
