//! Types as TypeScript's.

use super::syntax::{braces, comment, literal, property};
use super::{Context, syntax};
use crate::model::{Alternative, Field, Key, Record, Text, Type};
use crate::print::docs::with_note;
use crate::print::layout::Doc;

/// Where a type stands: some places need parentheses around it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// After a colon or an equals sign, which it follows with a space or on the next line.
    After,
    /// Between brackets of its own.
    Inside,
    /// As one of several members of a tuple.
    Item,
    /// As the element of an array.
    Element,
    /// As one alternative of a union.
    Alternative,
    /// As one part of an intersection.
    Part,
}

impl Context<'_> {
    /// The type with the space before it: a union that does not fit goes to the next line.
    pub(super) fn after(&self, body: &Type) -> Doc {
        match self.union(body) {
            Some(members) => broken_union(members),
            None => Doc::Concat(vec![" ".into(), self.of(body, Place::After)]),
        }
    }

    /// The type, for a place.
    pub(super) fn of(&self, body: &Type, place: Place) -> Doc {
        match body {
            Type::Unknown => "unknown".into(),
            Type::Null => "null".into(),
            Type::Bool => "boolean".into(),
            Type::Int | Type::Float => "number".into(),
            Type::Text(_) => "string".into(),
            Type::Bytes => "Uint8Array".into(),
            Type::Named(key) => self.name(key).into(),
            Type::List(item) => {
                read_only(vec!["readonly ".into(), self.of(item, Place::Element), "[]".into()], place)
            }
            Type::Tuple(items) => {
                let inner = if items.len() > 1 { Place::Item } else { Place::Inside };
                let items = items.iter().map(|item| self.of(item, inner)).collect();
                read_only(vec!["readonly ".into(), syntax::brackets(items)], place)
            }
            Type::Map(item) => {
                braces(vec![Doc::Concat(vec!["readonly [key: string]:".into(), self.after(item)])], ";")
            }
            Type::Record(record) => self.object(record),
            Type::Literal(_) | Type::Union(_) => self.inline_union(body, place),
            Type::All(parts) => {
                let parts = parts.iter().map(|part| self.of(part, Place::Part));
                let joined = Doc::join(" & ", parts);
                let bare = matches!(place, Place::After | Place::Inside | Place::Item);
                if bare { joined } else { Doc::Concat(vec!["(".into(), joined, ")".into()]) }
            }
        }
    }

    /// The type, or a promise of it, with the space before it.
    pub(super) fn or_promise(&self, body: &Type) -> Doc {
        if *body == Type::Unknown {
            return " unknown".into();
        }
        let mut members = self.members(body).unwrap_or_else(|| vec![self.of(body, Place::Alternative)]);
        members.push(self.generic("Promise", &[body]));
        broken_union(members)
    }

    fn name(&self, key: &Key) -> String {
        self.model
            .declaration(key)
            .map_or_else(|| "unknown".to_owned(), |declaration| declaration.name.clone())
    }

    /// The members of a union that is broken like one: not of one member, and not an object or null.
    fn union(&self, body: &Type) -> Option<Vec<Doc>> {
        let members = self.members(body)?;
        let hugs = is_object_or_null(body) || members.len() == 1;
        (!hugs).then_some(members)
    }

    fn members(&self, body: &Type) -> Option<Vec<Doc>> {
        let docs: Vec<Doc> = match body {
            Type::Literal(literals) => literals.iter().map(|item| literal(&item.value).into()).collect(),
            Type::Union(alternatives) => {
                let members = alternatives.iter().flat_map(|alternative| match &alternative.body {
                    Type::Literal(literals) => {
                        literals.iter().map(|item| literal(&item.value).into()).collect()
                    }
                    body => vec![self.of(body, Place::Alternative)],
                });
                members.collect()
            }
            _ => return None,
        };
        // Two types of the model may be one of TypeScript's: `number` for both of its kinds.
        let mut unique: Vec<(String, Doc)> = Vec::new();
        for doc in docs {
            let text = doc.render(usize::MAX, 0);
            if !unique.iter().any(|(known, _)| *known == text) {
                unique.push((text, doc));
            }
        }
        Some(unique.into_iter().map(|(_, doc)| doc).collect())
    }

    fn inline_union(&self, body: &Type, place: Place) -> Doc {
        let members = self.members(body).unwrap_or_default();
        let single = members.len() == 1;
        if is_object_or_null(body) {
            let joined = Doc::join(" | ", members);
            return if matches!(place, Place::Inside | Place::Item | Place::After) {
                joined
            } else {
                Doc::Concat(vec!["(".into(), joined, ")".into()])
            };
        }
        let code = Doc::Concat(vec![
            if single { Doc::empty() } else { Doc::IfBroken("| ", "") },
            Doc::join(vec![Doc::Line, "| ".into()], members.into_iter().map(Doc::indent)),
        ]);
        match place {
            Place::Item if !single => Doc::group(vec![
                Doc::IfBroken("(", ""),
                Doc::indent(vec![Doc::SoftLine, code]),
                Doc::SoftLine,
                Doc::IfBroken(")", ""),
            ]),
            Place::Element | Place::Part | Place::Alternative if !single => Doc::group(vec![
                "(".into(),
                Doc::indent(vec![Doc::SoftLine, code]),
                Doc::SoftLine,
                ")".into(),
            ]),
            _ => Doc::group(code),
        }
    }

    /// An object type: on one line where it fits and no member has docs.
    pub(super) fn object(&self, record: &Record) -> Doc {
        let members = self.fields(record, false);
        if members.is_empty() {
            return "Readonly<Record<string, never>>".into();
        }
        braces(members, ";")
    }

    /// The members of an object type or interface, without the semicolons between them.
    pub(super) fn fields(&self, record: &Record, top: bool) -> Vec<Doc> {
        let depth = if top { 1 } else { 2 };
        let fields = record.fields.iter().map(|field| {
            let optional = if field.required { "" } else { "?" };
            let name = format!("readonly {}{optional}:", property(&field.wire));
            Doc::Concat(vec![comment(&docs(field), depth), name.into(), self.after(&field.body)])
        });
        let rest = record.rest.as_deref().map(|rest| {
            let types = std::iter::once(rest).chain(record.fields.iter().map(|field| &field.body));
            let all =
                types.map(|body| Alternative { body: body.clone(), docs: String::new(), variant: None });
            let body = crate::model::one_of(all.collect());
            let optional = record.fields.iter().any(|field| !field.required) && body != Type::Unknown;
            let name = "readonly [key: string]:".into();
            Doc::Concat(vec![
                name,
                self.after(&body),
                if optional { " | undefined".into() } else { Doc::empty() },
            ])
        });
        fields.chain(rest).collect()
    }
}

/// Alternatives after a colon or an equals sign, from the next line on where they do not fit.
pub(super) fn broken_union(members: Vec<Doc>) -> Doc {
    let members = Doc::join(vec![Doc::Line, "| ".into()], members.into_iter().map(Doc::indent));
    Doc::group(Doc::indent(vec![Doc::Line, Doc::IfBroken("| ", ""), members]))
}

fn read_only(parts: Vec<Doc>, place: Place) -> Doc {
    let doc = Doc::Concat(parts);
    if place == Place::Element { Doc::Concat(vec!["(".into(), doc, ")".into()]) } else { doc }
}

/// An object type, alone or with `null`: it hugs the brackets around it.
pub(super) fn is_object(body: &Type) -> bool {
    matches!(body, Type::Record(_) | Type::Map(_)) || is_object_or_null(body)
}

/// One object type and `null`, which stay together on a line.
fn is_object_or_null(body: &Type) -> bool {
    let Type::Union(alternatives) = body else { return false };
    let objects =
        alternatives.iter().filter(|alternative| matches!(alternative.body, Type::Record(_) | Type::Map(_)));
    let nulls = alternatives.iter().filter(|alternative| alternative.body == Type::Null);
    objects.count() == 1 && nulls.count() + 1 == alternatives.len()
}

/// The docs of a field with what its type does not say.
fn docs(field: &Field) -> String {
    let docs = with_note(&field.docs, text_note(&field.body));
    if field.deprecated { format!("{docs}\n\n@deprecated") } else { docs }
}

/// The form of a string that TypeScript has no type for.
pub(super) fn text_note(body: &Type) -> &'static str {
    match body {
        Type::Text(Text::DateTime) => "RFC 3339.",
        Type::Text(Text::Date) => "A date, `YYYY-MM-DD`.",
        Type::Text(Text::Uuid) => "A UUID.",
        Type::Union(alternatives) => alternatives
            .iter()
            .map(|alternative| text_note(&alternative.body))
            .find(|note| !note.is_empty())
            .unwrap_or_default(),
        _ => "",
    }
}
