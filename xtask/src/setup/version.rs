//! Versions of the programs that were there already: an old one would fail later, with a message about something else.

use crate::parts::Need;
use crate::workspace;

/// A program, how it is asked for its version, and the oldest that will do.
struct Program {
    need: Need,
    name: &'static str,
    oldest: (u32, u32),
}

const PROGRAMS: &[Program] = &[
    Program { need: Need::Node, name: "node", oldest: (20, 0) },
    Program { need: Need::Python, name: "python3", oldest: (3, 10) },
];

/// Refuses programs that are too old for the clients.
pub(super) fn programs(needs: &[Need]) -> Result<(), String> {
    for program in PROGRAMS.iter().filter(|program| needs.contains(&program.need)) {
        let output = workspace::command(".", program.name, &["--version"])
            .output()
            .map_err(|error| format!("cannot start `{}`: {error}", program.name))?;
        let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let (major, minor) = program.oldest;
        if version(&told).is_none_or(|version| version < program.oldest) {
            return Err(format!(
                "`{} --version` says `{told}`; {major}.{minor} or newer is needed",
                program.name
            ));
        }
    }
    Ok(())
}

/// The first two numbers of what a program says of its version.
fn version(told: &str) -> Option<(u32, u32)> {
    let start = told.find(|letter: char| letter.is_ascii_digit())?;
    let mut numbers = told.get(start..)?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert_eq!(version("Python 3.9.2"), Some((3, 9)));
        assert!(version("Python 3.9.2") < Some((3, 10)));
        assert_eq!(version("unknown"), None);
    }
}
