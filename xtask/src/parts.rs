//! The parts of the test run, as a plain table: what is wired is seen here, and a new part is a new entry.

/// Something a part needs that is not on every machine. `--without` takes these names too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Node with the npm packages of this repository.
    Node,
    /// Python with the virtual environment of this repository.
    Python,
    /// A Redis server's program.
    Redis,
    /// A headless Chromium.
    Browser,
}

impl Need {
    /// Every need there is.
    pub(crate) const ALL: [Self; 4] = [Self::Node, Self::Python, Self::Redis, Self::Browser];

    /// The name that `--without` takes.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Python => "virtualenv",
            Self::Redis => "redis",
            Self::Browser => "browser",
        }
    }
}

/// One part of the run, timed and judged as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// How `--only`, `--without` and the final table call it.
    pub(crate) name: &'static str,
    /// What it shows, for the heading.
    pub(crate) about: &'static str,
    /// What has to be set up before it.
    pub(crate) needs: &'static [Need],
    /// What it runs.
    pub(crate) work: Work,
}

/// What a part runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// Installs what the chosen parts need.
    Setup,
    /// The chat example from end to end.
    Demo,
    /// Commands, all of them, also after one has failed.
    Steps(&'static [Step]),
}

/// One command, run in a folder of the repository.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The folder, from the root of the repository.
    pub(crate) folder: &'static str,
    /// Program and arguments with single spaces between them.
    pub(crate) line: &'static str,
    /// What to run instead on a machine without cargo-nextest.
    pub(crate) without_nextest: Option<&'static str>,
}

const fn run(folder: &'static str, line: &'static str) -> Step {
    Step { folder, line, without_nextest: None }
}

const fn nextest(line: &'static str, without_nextest: &'static str) -> Step {
    Step { folder: ".", line, without_nextest: Some(without_nextest) }
}

/// Compares the clients of the example in this folder with what its Cargo.toml declares.
const GENERATE_CHECK: &str = "cargo run --quiet --package wirecall-cli -- generate --check";

/// Cuts under every client; `cargo xtask chaos` adds its arguments to the last.
pub(crate) const CHAOS: [Step; 3] = [
    run("clients/typescript", "npm run --silent build:chaos"),
    run(".", "cargo build --quiet --package chaos"),
    run(".", "cargo run --quiet --package chaos --bin chaos --"),
];

/// `cargo xtask test`, in the order of running: what fails fast comes first.
pub(crate) const TEST: &[Part] = &[
    Part { name: "setup", about: "what the tests need on this machine", needs: &[], work: Work::Setup },
    Part {
        name: "fmt",
        about: "the layout of Rust sources",
        needs: &[],
        work: Work::Steps(&[run(".", "cargo fmt --all --check")]),
    },
    Part {
        name: "tidy",
        about: "the house rules, as tests",
        needs: &[],
        work: Work::Steps(&[run(".", "cargo test --quiet --package xtask")]),
    },
    Part {
        name: "clippy",
        about: "Rust lints, and the documentation's",
        needs: &[],
        work: Work::Steps(&[
            // The oracle turns on ts-rs, whose derive takes names from around it: where that is on, no test of hygiene can hold.
            run(
                ".",
                "cargo clippy --quiet --keep-going --workspace --exclude oracle --all-targets --features wirecall/client-tls -- -D warnings",
            ),
            run(".", "cargo clippy --quiet --package oracle --all-targets -- -D warnings"),
            run(
                ".",
                "cargo clippy --quiet --package wirecall --no-default-features --features client -- -D warnings",
            ),
            run(
                ".",
                "cargo clippy --quiet --package wirecall --no-default-features --features server -- -D warnings",
            ),
            // Declarations alone, for a crate that a server and its clients share.
            run(".", "cargo clippy --quiet --package wirecall --no-default-features -- -D warnings"),
            // What the fuzz targets stand on is built with the compiler's instruments only on demand.
            run(".", "cargo clippy --quiet --package wirecall --features fuzzing -- -D warnings"),
            run(
                ".",
                "cargo doc --quiet --keep-going --workspace --exclude oracle --no-deps --features wirecall/client-tls --config build.rustdocflags=[\"-Dwarnings\"]",
            ),
        ]),
    },
    Part {
        name: "rust",
        about: "Rust unit, integration, macro and documentation tests",
        needs: &[Need::Node, Need::Python],
        work: Work::Steps(&[
            nextest(
                "cargo nextest run --workspace --exclude xtask --exclude oracle --features wirecall/client-tls --no-fail-fast --status-level fail",
                "cargo test --quiet --workspace --exclude xtask --exclude oracle --features wirecall/client-tls --no-fail-fast --lib --bins --tests --examples",
            ),
            nextest(
                "cargo nextest run --package oracle --no-fail-fast --status-level fail",
                "cargo test --quiet --package oracle --tests",
            ),
            run(
                ".",
                "cargo test --quiet --workspace --exclude xtask --exclude oracle --features wirecall/client-tls --no-fail-fast --doc",
            ),
        ]),
    },
    Part {
        name: "typescript",
        about: "the TypeScript client: types, lints, tests",
        needs: &[Need::Node],
        work: Work::Steps(&[
            run("clients/typescript", "npm run --silent check"),
            run("clients/typescript", "npm run --silent test"),
        ]),
    },
    Part {
        name: "python",
        about: "the Python client: lints, types by two checkers, tests",
        needs: &[Need::Python],
        work: Work::Steps(&[
            run("clients/python", "ruff check --quiet ."),
            run("clients/python", "ruff format --check --quiet ."),
            run("clients/python", "pyright"),
            run("clients/python", "mypy"),
            run("clients/python", "python -m pytest --quiet"),
        ]),
    },
    Part {
        name: "generated",
        about: "the examples' and the fixture's clients are what the generator writes",
        needs: &[],
        work: Work::Steps(&[
            run("examples/quickstart", GENERATE_CHECK),
            run("examples/chat", GENERATE_CHECK),
            run("examples/dashboard", GENERATE_CHECK),
            run("examples/notifications", GENERATE_CHECK),
            run("examples/orderbook", GENERATE_CHECK),
            run("examples/jobs", GENERATE_CHECK),
            run("examples/ethereum", GENERATE_CHECK),
            run("clients/fixture", GENERATE_CHECK),
            run("clients/chaos", GENERATE_CHECK),
        ]),
    },
    Part {
        name: "goldens",
        about: "what the generator prints, under every checker, from a user's side too",
        needs: &[Need::Node, Need::Python],
        work: Work::Steps(&[
            run("clients/typescript", "npx --no-install tsc -p ../../codegen/tests/goldens/typescript"),
            run("clients/typescript", "npx --no-install biome check ../../codegen/tests/goldens/typescript"),
            run("codegen/tests/goldens/python", "ruff check --quiet ."),
            run("codegen/tests/goldens/python", "ruff format --check --quiet ."),
            run("codegen/tests/goldens/python", "pyright"),
            run("codegen/tests/goldens/python", "mypy"),
            run("codegen/tests/goldens/python", "python -m pytest --quiet"),
        ]),
    },
    Part {
        name: "examples",
        about: "the examples' TypeScript and Python, and that of the README and the guide: types, lints",
        needs: &[Need::Node, Need::Python],
        work: Work::Steps(&[
            run("examples", "npm run --silent check"),
            run("examples", "ruff check --quiet ."),
            run("examples", "ruff format --check --quiet ."),
            run("examples", "python documents.py"),
            run("examples", "pyright"),
            run("examples", "mypy"),
        ]),
    },
    Part {
        name: "interop",
        about: "clients that others wrote, in Node and Python, on a server of ours",
        needs: &[Need::Node, Need::Python],
        work: Work::Steps(&[
            run("clients/interop/node", "npm run --silent check"),
            run("clients/interop/node", "npm run --silent test"),
            run("clients/interop/python", "ruff check --quiet ."),
            run("clients/interop/python", "ruff format --check --quiet ."),
            run("clients/interop/python", "pyright"),
            run("clients/interop/python", "mypy"),
            run("clients/interop/python", "python -m pytest --quiet"),
        ]),
    },
    Part {
        name: "integration",
        about: "both generated clients on a real server",
        needs: &[Need::Node, Need::Python],
        work: Work::Steps(&[
            run(".", "cargo build --quiet --package fixture"),
            run("clients/typescript", "npm run --silent test:integration"),
            run("clients/python", "python -m pytest --quiet tests/integration"),
        ]),
    },
    Part {
        name: "page",
        about: "the TypeScript client in a headless Chromium: both codecs, offline and back again",
        needs: &[Need::Node, Need::Browser],
        work: Work::Steps(&[
            run(".", "cargo build --quiet --package fixture"),
            run("clients/typescript", "npm run --silent test:browser"),
        ]),
    },
    Part {
        name: "outage",
        about: "a server killed under both generated clients, and back after 5 s: no call is lost or doubled",
        needs: &[Need::Node, Need::Python],
        work: Work::Steps(&[
            run("clients/typescript", "npm run --silent build:integration"),
            run(".", "cargo build --quiet --package fixture"),
            run(".", "cargo run --quiet --package fixture --bin fixture-outage"),
        ]),
    },
    Part {
        name: "chaos",
        about: "every client in both codecs through a proxy that cuts, for a minute: nothing is lost, nothing comes twice",
        needs: &[Need::Node, Need::Python],
        work: Work::Steps(&[CHAOS[0], CHAOS[1], CHAOS[2]]),
    },
    Part {
        name: "demo",
        about: "the chat example with its three clients",
        needs: &[Need::Node, Need::Python],
        work: Work::Demo,
    },
    Part {
        name: "package",
        about: "what would be published",
        needs: &[Need::Node, Need::Python],
        work: Work::Steps(&[
            run(".", "cargo xtask package"),
            run("clients/typescript", "npm pack --dry-run --loglevel warn"),
            run("clients/python", "python -m build --no-isolation --outdir ../../target/python"),
        ]),
    },
];

/// `cargo xtask full`: the long forms of what `test` shows in short.
pub(crate) const FULL: &[Part] = &[
    Part {
        name: "simulation",
        about: "two session machines over an unreliable network, in millions of schedules",
        needs: &[],
        work: Work::Steps(&[run(
            ".",
            "cargo test --quiet --release --package wirecall --lib --config env.WIRECALL_SCHEDULES=\"3000000\" simulation::no_schedule -- --nocapture",
        )]),
    },
    Part {
        name: "streams",
        about: "ten million items through one call, in each codec: memory stays what it was",
        needs: &[],
        work: Work::Steps(&[
            run(
                ".",
                "cargo test --quiet --package wirecall --test it -- --ignored --nocapture stream_cost::ten_million",
            ),
            run(
                ".",
                "cargo test --quiet --package wirecall --test msgpack -- --ignored --nocapture stream_cost::ten_million",
            ),
        ]),
    },
    Part {
        name: "fuzz",
        about: "every fuzz target for a minute",
        needs: &[],
        work: Work::Steps(&[run(".", "cargo xtask fuzz --seconds 60")]),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn every_part() -> impl Iterator<Item = &'static Part> {
        TEST.iter().chain(FULL)
    }

    #[test]
    fn a_name_means_one_part_or_one_need() {
        let mut names: Vec<_> = every_part().map(|part| part.name).chain(Need::ALL.map(Need::name)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }

    #[test]
    fn every_example_with_generated_clients_is_compared() {
        let compared = |folder: &str| {
            let steps = every_part()
                .filter_map(|part| if let Work::Steps(steps) = part.work { Some(steps) } else { None });
            steps.flatten().any(|step| step.folder == folder && step.line == GENERATE_CHECK)
        };
        for file in crate::tidy::files() {
            let Some(folder) = file.strip_suffix("/Cargo.toml") else { continue };
            let text = std::fs::read_to_string(crate::workspace::root().join(&file)).expect("a manifest");
            let (_, declared) = text.split_once("[package.metadata.wirecall]").unwrap_or_default();
            let generates = declared
                .lines()
                .take_while(|line| !line.starts_with('['))
                .any(|line| line.starts_with("typescript =") || line.starts_with("python ="));
            assert!(!generates || compared(folder), "{folder} is missing in the part `generated`");
        }
    }

    #[test]
    fn setup_comes_first() {
        assert!(matches!(TEST[0].work, Work::Setup));
    }

    #[test]
    fn every_command_runs_in_a_folder_that_exists() {
        for part in every_part() {
            if let Work::Steps(steps) = part.work {
                assert!(!steps.is_empty(), "{} runs nothing", part.name);
                for step in steps {
                    let folder = crate::workspace::root().join(step.folder);
                    assert!(folder.is_dir(), "{}: {} is not there", part.name, folder.display());
                }
            }
        }
    }
}
