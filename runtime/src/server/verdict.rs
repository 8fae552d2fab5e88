//! What the server thinks of the contracts that its clients were generated from.
//!
//! Everything is compared when the server is built: a hello only looks fingerprints up.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::error::Error;
use crate::contract::Contract;
use crate::contract::compatibility::{Change, compare};

/// How an older contract of a service compares with the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    Compatible,
    Incompatible,
    /// Not known here, and served.
    Unknown,
}

impl Verdict {
    /// The word of hello's answer.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Compatible => "compatible",
            Self::Incompatible => "incompatible",
            Self::Unknown => "unknown",
        }
    }
}

/// The fingerprints that the server knows, by service.
#[derive(Debug)]
pub(crate) struct Verdicts(HashMap<&'static str, HashMap<String, Verdict>>);

impl Verdicts {
    /// Judges the released contracts by the current one, which has services of these names.
    pub(crate) fn new(
        names: impl IntoIterator<Item = &'static str>,
        current: &Contract,
        released: &[String],
    ) -> Result<Self, Error> {
        let mut verdicts = Self(HashMap::new());
        for name in names {
            let same = current.fingerprint(name).map(|fingerprint| (fingerprint, Verdict::Same));
            verdicts.0.insert(name, same.into_iter().collect());
        }
        for text in released {
            let released = Contract::from_json(text).map_err(Error::Released)?;
            for service in &released.services {
                let Some(known) = verdicts.0.get_mut(service.name.as_str()) else {
                    return Err(Error::ReleasedService { service: service.name.clone() });
                };
                let Some(fingerprint) = released.fingerprint(&service.name) else { continue };
                if let Entry::Vacant(unknown) = known.entry(fingerprint) {
                    let verdict = judge(&service.name, unknown.key(), &released, current);
                    unknown.insert(verdict);
                }
            }
        }
        Ok(verdicts)
    }

    /// The verdicts on what a client tells in hello.
    pub(crate) fn on(&self, told: &BTreeMap<String, String>) -> Judgement {
        let mut judgement = Judgement::default();
        for (service, fingerprint) in told.iter().take(MAX_SERVICES) {
            let known = self.0.get_key_value(service.as_str());
            let verdict = known.and_then(|(name, known)| Some((*name, *known.get(fingerprint)?)));
            if let Some((name, Verdict::Incompatible)) = verdict {
                judgement.incompatible.push(name);
            }
            let word = verdict.map_or(Verdict::Unknown, |(_, verdict)| verdict).word();
            judgement.words.insert(service.clone(), word.to_owned());
        }
        judgement
    }
}

/// More services than any client has, so that a hello cannot ask for a huge answer.
const MAX_SERVICES: usize = 256;

/// What a hello is answered, and what follows from it.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// By service.
    pub(crate) words: BTreeMap<String, String>,
    /// The services whose calls fail.
    pub(crate) incompatible: Vec<&'static str>,
}

fn judge(service: &str, fingerprint: &str, released: &Contract, current: &Contract) -> Verdict {
    let changes = compare(service, released, current);
    let mut breaking = changes.iter().filter(|change| change.breaking);
    let Some(first) = breaking.next() else { return Verdict::Compatible };
    let more = breaking.map(Change::to_string).collect::<Vec<_>>();
    tracing::info!(target: "wirecall", service, fingerprint, because = %first, ?more, "clients of a released contract are not served");
    Verdict::Incompatible
}
