//! Whether everything that one schema allows is allowed by another.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::form::{Form, Kind, forms};
use super::range::{LENGTHS, Range, length_fits};
use super::{Change, Direction};
use crate::Contract;
use crate::fingerprint::shape_of;

/// Pairs of schemas that are looked at in one comparison, before it is given up.
const MAX_STEPS: usize = 20_000;
/// How deep it goes into types inside of types.
const MAX_DEPTH: usize = 100;

/// The schema of what is not described.
pub(super) static ANYTHING: Value = Value::Bool(true);

/// What is compared, and what came of it so far.
pub(super) struct Comparison<'c> {
    pub(super) writer: &'c Contract,
    pub(super) reader: &'c Contract,
    pub(super) direction: Direction,
    /// Whether the reader runs the checks of its types.
    checked: bool,
    /// Pairs that fit, and those that are being looked at: types may be recursive.
    fitting: Vec<Pair>,
    known: HashSet<Pair>,
    /// Pairs that do not fit, whatever is around them.
    failed: HashSet<Pair>,
    steps: usize,
    depth: usize,
    found: Vec<Change>,
}

type Pair = (*const Value, *const Value);

impl<'c> Comparison<'c> {
    pub(super) fn new(
        writer: &'c Contract,
        reader: &'c Contract,
        direction: Direction,
        checked: bool,
    ) -> Self {
        Self {
            writer,
            reader,
            direction,
            checked,
            fitting: Vec::new(),
            known: HashSet::new(),
            failed: HashSet::new(),
            steps: MAX_STEPS,
            depth: MAX_DEPTH,
            found: Vec::new(),
        }
    }

    pub(super) fn into_changes(self) -> Vec<Change> {
        self.found
    }

    /// Says what has changed: to a reader that is the server, or to one that is a client.
    pub(super) fn tell(&mut self, path: &str, breaking: bool, to_server: &str, to_client: &str) {
        let sentence = match self.direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        let (path, sentence) = (path.to_owned(), sentence.to_owned());
        self.found.push(Change { path, direction: self.direction, sentence, breaking });
    }

    /// What does not fit is never left without a reason.
    pub(super) fn insist(&mut self, path: &str) {
        if self.found.iter().all(|change| !change.breaking) {
            self.tell(path, true, "has changed", "has changed");
        }
    }

    /// Says what breaks; `false`, since it does not fit.
    pub(super) fn break_off(&mut self, path: &str, to_server: &str, to_client: &str) -> bool {
        self.tell(path, true, to_server, to_client);
        false
    }

    /// Whether what the one describes can be read as what the other does.
    pub(super) fn fits(&mut self, writer: &'c Value, reader: &'c Value, path: &str) -> bool {
        let pair: Pair = (writer, reader);
        if self.known.contains(&pair) {
            return true;
        }
        if self.failed.contains(&pair) {
            let text = "holds a type that has changed";
            return self.break_off(path, text, text);
        }
        if self.steps == 0 || self.depth == 0 {
            return self.is_same(writer, reader, path);
        }
        (self.steps, self.depth) = (self.steps - 1, self.depth - 1);
        let before = self.fitting.len();
        self.fitting.push(pair);
        self.known.insert(pair);
        let apart =
            (forms(writer, self.definitions(self.writer)), forms(reader, self.definitions(self.reader)));
        let fits = match apart {
            (Some(written), Some(read)) => self.all_fit(&written, &read, path),
            _ => self.is_same(writer, reader, path),
        };
        self.depth += 1;
        if !fits {
            self.failed.insert(pair);
            // What was found to fit meanwhile may have counted on this pair.
            for pair in self.fitting.drain(before..) {
                self.known.remove(&pair);
            }
        }
        fits
    }

    fn definitions(&self, contract: &'c Contract) -> &'c BTreeMap<String, Value> {
        if self.is_read() { &contract.inputs } else { &contract.outputs }
    }

    /// Whether it is the server that reads.
    fn is_read(&self) -> bool {
        self.direction == Direction::ToServer
    }

    fn has_one_shape(&self, writer: &Value, reader: &Value) -> bool {
        shape_of(self.writer, writer, self.is_read()) == shape_of(self.reader, reader, self.is_read())
    }

    /// *Where it cannot be decided the answer is no*, unless nothing but docs has changed.
    fn is_same(&mut self, writer: &Value, reader: &Value, path: &str) -> bool {
        let text = "has changed in a way that cannot be judged";
        self.has_one_shape(writer, reader) || self.break_off(path, text, text)
    }

    fn all_fit(&mut self, written: &[Form<'c>], read: &[Form<'c>], path: &str) -> bool {
        let mut fits = true;
        for form in written {
            let meant: Vec<&Form<'c>> = read.iter().filter(|reader| form.is_meant_for(reader)).collect();
            fits &= match meant.as_slice() {
                [] => self.is_not_taken(form, read, path),
                [reader] => {
                    let variant = form.variant().filter(|_| form.constant.is_none() && written.len() > 1);
                    let place = variant.map(|variant| format!("{path}({variant})"));
                    self.form_fits(form, reader, place.as_deref().unwrap_or(path))
                }
                several => {
                    several.iter().any(|reader| self.would_fit(form, reader, path))
                        || self.is_not_taken(form, read, path)
                }
            };
        }
        for variant in read.iter().filter_map(Form::variant) {
            if read.len() > 1 && written.iter().all(|form| form.variant() != Some(variant)) {
                let (more, less) =
                    (format!("may be `{variant}` as well"), format!("is never `{variant}` any more"));
                self.tell(path, false, &more, &less);
            }
        }
        fits
    }

    fn is_not_taken(&mut self, form: &Form<'c>, read: &[Form<'c>], path: &str) -> bool {
        let shown = |form: &Form<'_>| match form.constant {
            Some(value) => format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            None => form.kind.map_or("anything", Kind::name).to_owned(),
        };
        if let Some(variant) = form.variant().filter(|_| read.iter().any(|form| form.variant().is_some())) {
            let (gone, new) = (
                format!("cannot be `{variant}` any more"),
                format!("may be `{variant}`, which the client does not know"),
            );
            return self.break_off(path, &gone, &new);
        }
        let mut kinds: Vec<String> = read.iter().map(shown).collect();
        kinds.dedup();
        let (kind, kinds) =
            (shown(form), if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(" or ") });
        let text = format!("was {kind} and is {kinds}");
        let back = format!("was {kinds} and may be {kind}");
        self.break_off(path, &text, &back)
    }

    /// The same as [`Self::form_fits`], and nothing is said of it.
    fn would_fit(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        let before = self.found.len();
        let fits = self.form_fits(writer, reader, path);
        self.found.truncate(before);
        fits
    }

    fn form_fits(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        if reader.constant.is_some() {
            return true;
        }
        let inside = match reader.kind {
            Some(Kind::Object) => self.object_fits(writer, reader, path),
            Some(Kind::Array) => self.array_fits(writer, reader, path),
            Some(Kind::Integer | Kind::Number) => self.number_fits(writer, reader, path),
            Some(Kind::String) => self.string_fits(writer, reader, path),
            _ => true,
        };
        let lengths = LENGTHS.into_iter().all(|keys| length_fits(writer, reader, keys, self.checked));
        if !lengths {
            self.break_off(path, "has a narrower length", "has another length");
        }
        inside & lengths & self.others_fit(writer, reader, path)
    }

    fn number_fits(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        let finer = writer.text("format") == Some("double") && reader.text("format") == Some("float");
        let holds = Range::taken(reader, self.checked).holds(Range::written(writer));
        (holds && !finer) || self.break_off(path, "has a narrower range", "has a wider range")
    }

    fn string_fits(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        // Bytes are no text in MessagePack.
        let encoded = writer.text("contentEncoding") == reader.text("contentEncoding");
        let minded = |keyword: &str| {
            let is_check = keyword == "pattern" || matches!(reader.text(keyword), Some("email" | "uri"));
            self.checked || !is_check
        };
        let fits = |keyword| {
            !minded(keyword) || reader.text(keyword).is_none_or(|wanted| writer.text(keyword) == Some(wanted))
        };
        let plain = writer.constant.is_none()
            || ["minLength", "maxLength"]
                .iter()
                .all(|key| !self.checked || !reader.keywords.contains_key(key));
        (encoded && fits("format") && fits("pattern") && plain)
            || self.break_off(path, "has another or a stricter form", "has another form")
    }

    fn array_fits(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        let (first, wanted) = (prefix(writer), prefix(reader));
        let rest = |form: &Form<'c>| form.keywords.get("items").copied().unwrap_or(&ANYTHING);
        let longest = writer.number("maxItems").unwrap_or(f64::INFINITY);
        let mut fits = true;
        let mut place = 0.0;
        for index in 0..first.len().max(wanted.len()) {
            if place >= longest {
                return fits;
            }
            place += 1.0;
            let written = first.get(index).unwrap_or_else(|| rest(writer));
            let read = wanted.get(index).unwrap_or_else(|| rest(reader));
            fits &= self.fits(written, read, &format!("{path}[{index}]"));
        }
        if place < longest {
            fits &= self.fits(rest(writer), rest(reader), &format!("{path}[]"));
        }
        fits
    }

    /// A keyword that nothing here knows narrows what is allowed, so the writer must keep it as well.
    fn others_fit(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        let mut fits = true;
        for (keyword, value) in reader.keywords.iter().filter(|(keyword, _)| !is_known(keyword)) {
            let kept = writer.keywords.get(keyword).is_some_and(|own| self.has_one_shape(own, value));
            if !kept {
                let text = format!("has changed in a way that cannot be judged (`{keyword}`)");
                fits = self.break_off(path, &text, &text);
            }
        }
        fits
    }
}

/// Whether the keyword has a rule of its own.
fn is_known(keyword: &str) -> bool {
    matches!(
        keyword,
        "minimum"
            | "maximum"
            | "format"
            | "pattern"
            | "contentEncoding"
            | "items"
            | "prefixItems"
            | "additionalProperties"
            | "patternProperties"
    ) || LENGTHS.iter().any(|(least, most)| [*least, *most].contains(&keyword))
}

fn prefix<'c>(form: &Form<'c>) -> &'c [Value] {
    form.keywords.get("prefixItems").and_then(|items| items.as_array()).map_or(&[], Vec::as_slice)
}
