//! The command line, read into a value; pure, so that every refusal can be tested.

/// What `cargo xtask` prints for `help` and after a mistake.
pub(crate) const USAGE: &str = "\
cargo xtask test [--only PART,…] [--without NAME,…]   everything that has to hold before a change lands
cargo xtask setup                                     only what the tests need on this machine
cargo xtask tidy                                      only the repository's tidy checks
cargo xtask full [--only PART,…] [--without NAME,…]   the long forms
cargo xtask demo [--once]                             the chat example with its three clients
cargo xtask fuzz [--seconds N] [--only TARGET,…]      every fuzz target for N seconds, 60 unless told
cargo xtask chaos [--minutes N] [--seed S] [--only …]  cuts under every client in both codecs; both ends count
cargo xtask package                                   the crates as they would be published, built from the packed files
cargo xtask help                                      this text and the parts by name

--without takes parts and what parts need (redis, browser); what is skipped is printed.";

/// How long a fuzz target runs unless it was told.
const FUZZ_SECONDS: u64 = 60;

/// One command of `cargo xtask`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// The gate.
    Test(Choice),
    /// The long forms.
    Full(Choice),
    /// The chat example; `once` ends it after the clients have talked.
    Demo { once: bool },
    /// The fuzz targets, each for so many seconds; `only` these, or all when it is empty.
    Fuzz { seconds: u64, only: Vec<String> },
    /// Connections cut under every client; the arguments are the chaos program's.
    Chaos(Vec<String>),
    /// The crates as they would be published.
    Package,
    /// The usage and the list of parts.
    Help,
}

/// Which parts of a table to run, as it was asked for; `plan` judges the names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Only these parts; empty for all.
    pub(crate) only: Vec<String>,
    /// Without these parts and without those that need these things.
    pub(crate) without: Vec<String>,
}

impl Choice {
    /// One part and nothing else.
    fn only(part: &str) -> Self {
        Self { only: vec![part.to_owned()], without: Vec::new() }
    }
}

/// Reads the arguments after `cargo xtask`; the error says what is wrong with them.
pub(crate) fn parse(arguments: &[String]) -> Result<Command, String> {
    let Some((name, rest)) = arguments.split_first() else { return Ok(Command::Help) };
    match (name.as_str(), rest) {
        ("test", _) => choice(rest).map(Command::Test),
        ("full", _) => choice(rest).map(Command::Full),
        ("chaos", _) => Ok(Command::Chaos(rest.to_vec())),
        ("setup", []) => Ok(Command::Test(Choice::only("setup"))),
        ("tidy", []) => Ok(Command::Test(Choice::only("tidy"))),
        ("demo", []) => Ok(Command::Demo { once: false }),
        ("demo", [flag]) if flag == "--once" => Ok(Command::Demo { once: true }),
        ("fuzz", _) => fuzz(rest),
        ("package", []) => Ok(Command::Package),
        ("help" | "--help" | "-h", []) => Ok(Command::Help),
        ("setup" | "tidy" | "demo" | "package" | "help", [argument, ..]) => {
            Err(format!("`{name}` does not take `{argument}`"))
        }
        _ => Err(format!("no command `{name}`")),
    }
}

/// Reads `--seconds` and `--only`.
fn fuzz(arguments: &[String]) -> Result<Command, String> {
    let mut seconds = FUZZ_SECONDS;
    let mut only = Vec::new();
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        match (flag.as_str(), rest.next()) {
            ("--seconds", Some(number)) => {
                seconds = number.parse().map_err(|_| format!("`{number}` is no number of seconds"))?;
            }
            ("--only", Some(list)) => {
                only.extend(list.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
            }
            (flag @ ("--seconds" | "--only"), None) => return Err(format!("`{flag}` needs a value")),
            (other, _) => return Err(format!("unexpected `{other}`; expected `--seconds` or `--only`")),
        }
    }
    Ok(Command::Fuzz { seconds, only })
}

/// Reads `--only` and `--without`, each followed by names with commas or spaces between them.
fn choice(arguments: &[String]) -> Result<Choice, String> {
    let mut choice = Choice::default();
    let mut rest = arguments.iter().peekable();
    while let Some(flag) = rest.next() {
        let names = match flag.as_str() {
            "--only" => &mut choice.only,
            "--without" => &mut choice.without,
            other => return Err(format!("unexpected `{other}`; expected `--only` or `--without`")),
        };
        let before = names.len();
        while let Some(list) = rest.next_if(|argument| !argument.starts_with("--")) {
            names.extend(list.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
        }
        if names.len() == before {
            return Err(format!("`{flag}` needs at least one name"));
        }
    }
    Ok(choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn names_are_separated_by_commas_or_spaces() {
        let expected = Choice {
            only: vec!["fmt".to_owned(), "rust".to_owned()],
            without: vec!["redis".to_owned(), "browser".to_owned()],
        };
        assert_eq!(parsed("test --only fmt rust --without redis,browser"), Ok(Command::Test(expected)));
    }

    #[test]
    fn setup_and_tidy_are_parts_of_the_gate_by_another_name() {
        assert_eq!(parsed("tidy"), parsed("test --only tidy"));
        assert_eq!(parsed("setup"), parsed("test --only setup"));
    }

    #[test]
    fn nothing_at_all_asks_for_help() {
        assert_eq!(parsed(""), Ok(Command::Help));
    }

    #[test]
    fn the_demo_knows_one_flag() {
        assert_eq!(parsed("demo --once"), Ok(Command::Demo { once: true }));
        assert_eq!(parsed("demo --twice"), Err("`demo` does not take `--twice`".to_owned()));
    }

    #[test]
    fn fuzzing_takes_a_time_and_targets() {
        assert_eq!(parsed("fuzz"), Ok(Command::Fuzz { seconds: 60, only: Vec::new() }));
        let only = vec!["json".to_owned(), "hello".to_owned()];
        assert_eq!(parsed("fuzz --only json,hello --seconds 5"), Ok(Command::Fuzz { seconds: 5, only }));
        assert_eq!(parsed("fuzz --seconds"), Err("`--seconds` needs a value".to_owned()));
        assert_eq!(parsed("fuzz --seconds soon"), Err("`soon` is no number of seconds".to_owned()));
    }

    #[test]
    fn what_follows_chaos_is_for_its_program() {
        let arguments = vec!["--minutes".to_owned(), "5".to_owned()];
        assert_eq!(parsed("chaos --minutes 5"), Ok(Command::Chaos(arguments)));
    }

    #[test]
    fn a_flag_without_names_is_refused() {
        assert_eq!(parsed("test --only --without redis"), Err("`--only` needs at least one name".to_owned()));
    }

    #[test]
    fn what_is_unknown_is_named() {
        assert_eq!(parsed("tests"), Err("no command `tests`".to_owned()));
        assert_eq!(
            parsed("test everything"),
            Err("unexpected `everything`; expected `--only` or `--without`".to_owned())
        );
    }
}
