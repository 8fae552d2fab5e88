//! What the server thinks of the contracts that this program was built with, and what follows from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::contract::Contract;

/// A service that this program was built with, for hello.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) service: String,
    pub(crate) fingerprint: String,
    /// The service that the client answers: the same contract covers it.
    peer: Option<String>,
}

impl Told {
    pub(crate) fn of(service: &str, contract: &Contract) -> Option<Self> {
        let peer = contract.service(service)?.peer.as_ref().map(|peer| peer.name.clone());
        Some(Self { service: service.to_owned(), fingerprint: contract.fingerprint(service)?, peer })
    }
}

/// The services that the server finds incompatible: on this connection, *none of their events is told and none of the server's calls to
/// them is run*.
#[derive(Debug, Default)]
pub(crate) struct Incompatible {
    pub(crate) services: Arc<[String]>,
    /// What the client answers for one of them, and for no other service that fits.
    peers: BTreeMap<String, String>,
}

impl Incompatible {
    /// From the words of hello's answer.
    pub(crate) fn of(words: &BTreeMap<String, String>, told: &[Told]) -> Self {
        let fails = |service: &str| words.get(service).is_some_and(|word| word == "incompatible");
        let peers = |failing: bool| {
            let of_kind = told.iter().filter(move |told| fails(&told.service) == failing);
            of_kind.filter_map(|told| Some((told.peer.clone()?, told.service.clone())))
        };
        let mut refused: BTreeMap<_, _> = peers(true).collect();
        for (fits, _) in peers(false) {
            refused.remove(&fits);
        }
        Self { services: words.keys().filter(|service| fails(service)).cloned().collect(), peers: refused }
    }

    /// The service whose contract keeps the server's calls to that one from being run.
    pub(crate) fn for_calls_to(&self, service: &str) -> Option<&str> {
        let own = self.services.iter().find(|own| *own == service);
        own.or_else(|| self.peers.get(service)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Incompatible, Told};

    fn incompatible(words: &[(&str, &str)]) -> Incompatible {
        let told = |service: &str, peer: Option<&str>| Told {
            service: service.to_owned(),
            fingerprint: String::new(),
            peer: peer.map(str::to_owned),
        };
        let words: BTreeMap<_, _> =
            words.iter().map(|(service, word)| ((*service).to_owned(), (*word).to_owned())).collect();
        Incompatible::of(&words, &[told("chat", Some("ui")), told("files", Some("ui")), told("log", None)])
    }

    #[test]
    fn what_the_client_answers_is_refused_with_the_service_that_it_belongs_to() {
        let of = incompatible(&[("chat", "incompatible"), ("files", "incompatible"), ("log", "same")]);
        assert_eq!(*of.services, ["chat", "files"]);
        assert_eq!((of.for_calls_to("ui").is_some(), of.for_calls_to("log")), (true, None));
        let of = incompatible(&[("log", "incompatible"), ("chat", "later")]);
        assert_eq!((of.for_calls_to("log"), of.for_calls_to("ui")), (Some("log"), None));
    }

    #[test]
    fn what_another_service_that_fits_shares_is_answered() {
        let of = incompatible(&[("chat", "incompatible"), ("files", "compatible")]);
        assert_eq!((of.for_calls_to("chat"), of.for_calls_to("ui")), (Some("chat"), None));
    }
}
