//! The code of the README and of the guide's pages, so that `cargo test --doc` compiles and runs it.
#![cfg(doctest)]

macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {
        $(
            #[doc = include_str!($path)]
            mod $name {}
        )*
    };
}

pages! {
    readme: "../../README.md",
    quickstart: "quickstart.md",
    calls: "calls.md",
    streams: "streams.md",
    sessions: "sessions.md",
    errors: "errors.md",
    events: "events.md",
    checks: "checks.md",
    who_is_calling: "who-is-calling.md",
    rust_client: "rust-client.md",
    axum: "axum.md",
    operations: "operations.md",
}
