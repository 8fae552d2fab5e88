//! Whether the members of one object are what another wants.

use serde_json::Value;

use super::Direction;
use super::form::Form;
use super::schema::Comparison;

impl<'c> Comparison<'c> {
    pub(super) fn object_fits(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        let mut fits = true;
        for name in reader.required.iter().filter(|name| !writer.required.contains(*name)) {
            let place = format!("{path}.{name}");
            fits = if writer.properties.contains_key(name) {
                self.break_off(&place, "is required now", "may be absent now")
            } else {
                self.break_off(&place, "is new and required", "is gone")
            };
        }
        for (name, schema) in &writer.properties {
            let place = format!("{path}.{name}");
            fits &= match reader.properties.get(name) {
                Some(wanted) => self.fits(schema, wanted, &place),
                None => self.extra_fits(schema, reader, &place),
            };
        }
        let missing = reader
            .properties
            .iter()
            .filter(|(name, _)| !writer.properties.contains_key(*name) && !reader.required.contains(*name));
        for (name, wanted) in missing {
            fits &= self.absent_fits(writer, wanted, &format!("{path}.{name}"));
        }
        fits & self.patterns_fit(writer, reader, path) & self.rest_fits(writer, reader, path)
    }

    /// A member that the reader has no name for.
    fn extra_fits(&mut self, schema: &'c Value, reader: &Form<'c>, place: &str) -> bool {
        let unread = "is not read any more";
        match more(reader) {
            Some(Value::Bool(false)) => self.break_off(place, unread, "is new, and the client refuses it"),
            Some(others) => self.fits(schema, others, place),
            None if self.direction == Direction::ToServer => self.break_off(place, unread, unread),
            // *A side ignores members that it does not know.*
            None => {
                self.tell(place, false, "is new", "is new");
                true
            }
        }
    }

    /// A member that the reader can do without, and the writer has no name for.
    fn absent_fits(&mut self, writer: &Form<'c>, wanted: &'c Value, place: &str) -> bool {
        match more(writer) {
            Some(others) if *others != Value::Bool(false) => self.fits(others, wanted, place),
            _ if self.direction == Direction::ToClient => self.break_off(place, "is gone", "is gone"),
            _ => {
                self.tell(place, false, "is new and optional", "is new and optional");
                true
            }
        }
    }

    fn patterns_fit(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        let (written, read) = (patterns(writer), patterns(reader));
        let mut fits = true;
        for (pattern, schema) in written.into_iter().flatten() {
            let place = format!("{path}{{}}");
            fits &= match read.and_then(|read| read.get(pattern)) {
                Some(wanted) => self.fits(schema, wanted, &place),
                None => self.extra_fits(schema, reader, &place),
            };
        }
        // Members by other names could be of a pattern of the reader's.
        let unknown = |pattern: &String| written.is_none_or(|written| !written.contains_key(pattern));
        let open = more(writer).is_some_and(|others| *others != Value::Bool(false)) || written.is_some();
        if open && read.is_some_and(|read| read.keys().any(unknown)) {
            let text = "has keys of another form";
            fits = self.break_off(path, text, text);
        }
        fits
    }

    /// The members by any other name.
    fn rest_fits(&mut self, writer: &Form<'c>, reader: &Form<'c>, path: &str) -> bool {
        match more(writer) {
            None | Some(Value::Bool(false)) => true,
            Some(others) => self.extra_fits(others, reader, &format!("{path}{{}}")),
        }
    }
}

/// The schema of members by other names, where the object is a map as well.
fn more<'c>(form: &Form<'c>) -> Option<&'c Value> {
    form.keywords.get("additionalProperties").copied()
}

fn patterns<'c>(form: &Form<'c>) -> Option<&'c serde_json::Map<String, Value>> {
    form.keywords.get("patternProperties")?.as_object()
}
