//! The types of a file: parameters, messages, what events carry.

use super::Context;
use super::syntax::comment;
use super::types::text_note;
use crate::model::{Declaration, Literal, Method, Params, Record, Type, params_docs};
use crate::print::docs::with_note;
use crate::print::layout::Doc;

impl Context<'_> {
    /// Every type that the file declares, in the order in which a reader meets them.
    pub(super) fn declarations(&self) -> Vec<Doc> {
        let mut parts: Vec<Doc> =
            self.service.methods.iter().filter_map(|method| self.params(method)).collect();
        let peer = self.service.peer.iter().flat_map(|peer| &peer.methods);
        parts.extend(peer.filter_map(|method| self.params(method)));
        for declaration in &self.model.declarations {
            if declaration.services.contains(&self.place) {
                parts.push(self.declare(declaration));
            }
        }
        for event in &self.service.events {
            if let Params::Own { name, record } = &event.params {
                parts.push(self.interface(name, &event.docs, record));
            }
        }
        parts
    }

    fn params(&self, method: &Method) -> Option<Doc> {
        let Params::Own { name, record } = &method.params else { return None };
        Some(self.interface(name, &params_docs(method), record))
    }

    fn declare(&self, declaration: &Declaration) -> Doc {
        let docs = variants_docs(&declaration.docs, &declaration.body);
        match &declaration.body {
            Type::Record(record) if !record.fields.is_empty() => {
                self.interface(&declaration.name, &docs, record)
            }
            body => {
                let docs = with_note(&docs, text_note(body));
                let name = format!("export type {} =", declaration.name);
                Doc::Concat(vec![comment(&docs, 0), name.into(), self.after(body), ";".into()])
            }
        }
    }

    fn interface(&self, name: &str, docs: &str, record: &Record) -> Doc {
        let fields = self.fields(record, true).into_iter().map(|field| Doc::Concat(vec![field, ";".into()]));
        Doc::Concat(vec![
            comment(docs, 0),
            format!("export interface {name} {{").into(),
            Doc::indent(vec![Doc::HardLine, Doc::lines(fields)]),
            Doc::HardLine,
            "}".into(),
        ])
    }
}

/// The docs of an enum with those of its variants, which have no place of their own, as a list.
fn variants_docs(docs: &str, body: &Type) -> String {
    let mut items: Vec<(String, &str)> = Vec::new();
    let literals = |literals: &[Literal]| -> Vec<(String, String)> {
        literals.iter().map(|literal| (literal.value.to_string(), literal.docs.clone())).collect()
    };
    let mut found = Vec::new();
    match body {
        Type::Literal(values) => found = literals(values),
        Type::Union(alternatives) => {
            for alternative in alternatives {
                match (&alternative.body, &alternative.variant) {
                    (Type::Literal(values), _) => found.extend(literals(values)),
                    (body, Some(variant)) => {
                        found.push((tag(body).unwrap_or(variant).to_owned(), alternative.docs.clone()));
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    items.extend(
        found.iter().filter(|(_, docs)| !docs.is_empty()).map(|(name, docs)| (name.clone(), docs.as_str())),
    );
    if items.is_empty() {
        return docs.to_owned();
    }
    let lines = items
        .iter()
        .map(|(name, docs)| format!("- `{}`: {}", name.trim_matches('"'), docs.replace('\n', " ")));
    let list = lines.collect::<Vec<_>>().join("\n");
    if docs.is_empty() { list } else { format!("{docs}\n\n{list}") }
}

/// What tells an alternative from the others on the wire.
fn tag(body: &Type) -> Option<&str> {
    match body {
        Type::Record(record) => {
            let external = || match record.fields.as_slice() {
                [only] => Some(only.wire.as_str()),
                _ => None,
            };
            record.fields.iter().find_map(|field| field.tag()).or_else(external)
        }
        Type::All(parts) => parts.iter().find_map(|part| match part {
            Type::Record(record) => record.fields.iter().find_map(|field| field.tag()),
            _ => None,
        }),
        _ => None,
    }
}
