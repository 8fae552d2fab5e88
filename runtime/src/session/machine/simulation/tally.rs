//! What happened in the schedules: shown at the end, and looked at, since a simulation in which nothing happens finds nothing.

use std::collections::BTreeMap;
use std::fmt;

/// How often what happened, by its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(BTreeMap<&'static str, u64>);

/// What must have happened in a run of all schedules.
pub(super) const EXPECTED: &[&str] = &[
    "cuts",
    "resumes",
    "fenced",
    "stale attempts",
    "imitations",
    "repeats",
    "lost: expired",
    "lost: overflow",
    "lost: unknown",
    "lost: stalled",
    "answered",
    "cancelled",
    "unknown",
    "streams answered",
];

impl Tally {
    /// Notes that it happened.
    pub(super) fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// How often it happened.
    pub(super) fn times(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// Adds what happened elsewhere.
    pub(super) fn merge(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// What never happened of what must have.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        EXPECTED.iter().copied().filter(|what| !self.0.contains_key(what)).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self.0.iter().map(|(what, times)| format!("{what}={times}")).collect();
        f.write_str(&told.join(", "))
    }
}
