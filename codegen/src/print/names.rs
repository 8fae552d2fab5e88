//! Names from one language's custom to another's, and each name given once a scope.

use std::collections::BTreeSet;

use unicode_ident::{is_xid_continue, is_xid_start};

/// The words of a name: `sendMessage`, `send_message` and `SendMessage` have the same two.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = name.chars().filter(|c| !c.is_control()).peekable();
    let mut before: Option<char> = None;
    while let Some(c) = chars.next() {
        let follows_lower = before.is_some_and(|b| b.is_lowercase() || b.is_numeric());
        let ends_acronym =
            before.is_some_and(char::is_uppercase) && chars.peek().is_some_and(|n| n.is_lowercase());
        if !is_part(c) || (c.is_uppercase() && (follows_lower || ends_acronym)) {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        }
        if is_part(c) {
            word.push(c);
        }
        before = Some(c);
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

fn is_part(c: char) -> bool {
    c != '_' && is_xid_continue(c)
}

/// `send_message` as `SendMessage`; letters inside a word keep their case, so `HTTPServer` stays.
pub(crate) fn pascal(name: &str) -> String {
    let parts = name.split(|c: char| !is_part(c)).filter(|part| !part.is_empty());
    start(parts.map(capitalized).collect(), "T")
}

/// `send_message` as `sendMessage`.
pub(crate) fn camel(name: &str) -> String {
    let mut words = words(name).into_iter();
    let first = words.next().unwrap_or_default().to_lowercase();
    let rest: String = words.map(|word| capitalized(&word.to_lowercase())).collect();
    start(first + &rest, "n")
}

/// `sendMessage` as `send_message`.
pub(crate) fn snake(name: &str) -> String {
    start(words(name).join("_").to_lowercase(), "n")
}

/// The word with its first letter large.
pub(crate) fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Makes sure that a name starts as a name must.
fn start(name: String, prefix: &str) -> String {
    if name.chars().next().is_some_and(is_xid_start) { name } else { format!("{prefix}{name}") }
}

/// Whether a text is a name of JavaScript, which can stand without quotes.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    let dollar = |c: char| c == '$';
    chars.next().is_some_and(|c| c == '_' || dollar(c) || is_xid_start(c))
        && chars.all(|c| dollar(c) || is_xid_continue(c))
}

/// The names of one scope, each given once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// Names that mean something else already, and that nobody can take.
    reserved: BTreeSet<String>,
    taken: BTreeSet<String>,
}

impl Scope {
    /// A scope in which these names mean something else already.
    pub(crate) fn reserving<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self { reserved: names.into_iter().map(ToOwned::to_owned).collect(), taken: BTreeSet::new() }
    }

    /// Takes the first of the candidates that is free, or the last with the first free number.
    pub(crate) fn take(&mut self, candidates: impl IntoIterator<Item = String>) -> String {
        let is_free = |name: &str| !self.taken.contains(name) && !self.reserved.contains(name);
        let mut name = String::new();
        for candidate in candidates {
            name = candidate;
            if is_free(&name) {
                break;
            }
        }
        if !is_free(&name) {
            let mut number = 2_usize;
            while !is_free(&format!("{name}{number}")) {
                number += 1;
            }
            name = format!("{name}{number}");
        }
        self.taken.insert(name.clone());
        name
    }

    /// Marks a name as taken.
    pub(crate) fn add(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// Gives a name back.
    pub(crate) fn release(&mut self, name: &str) {
        self.taken.remove(name);
    }

    /// Whether a name was taken.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.taken.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_custom_of_writing_gives_the_same_words() {
        for name in ["sendMessageNow", "send_message_now", "SendMessageNow", "send-message.now"] {
            assert_eq!(snake(name), "send_message_now");
            assert_eq!(camel(name), "sendMessageNow");
        }
    }

    #[test]
    fn acronyms_and_digits_are_kept_together() {
        assert_eq!(snake("eth_getBlockByURL2"), "eth_get_block_by_url2");
        assert_eq!(snake("HTTPServer"), "http_server");
        assert_eq!(pascal("Page_for_HTTPItem"), "PageForHTTPItem");
    }

    #[test]
    fn a_name_starts_with_a_letter_whatever_came() {
        assert_eq!(pascal("3d"), "T3d");
        assert_eq!(snake("__proto__"), "proto");
        assert_eq!(snake("-"), "n");
        assert_eq!(snake("Größe"), "größe");
    }

    #[test]
    fn a_taken_name_gives_way_to_the_next_candidate_then_to_a_number() {
        let mut scope = Scope::reserving(["Post"]);
        assert_eq!(scope.take(["Post".into(), "PostParams".into()]), "PostParams");
        assert_eq!(scope.take(["Post".into(), "PostParams".into()]), "PostParams2");
    }
}
