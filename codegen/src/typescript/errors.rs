//! The error classes of a file.

use std::collections::BTreeSet;

use super::convert::Way;
use super::syntax::{comment, string};
use super::types::Place;
use super::{CLIENT, Context};
use crate::model::{ErrorClass, Method};
use crate::print::docs::with_note;
use crate::print::layout::Doc;

impl Context<'_> {
    /// A class for each error, which `RpcError` makes from the wire.
    pub(super) fn error_classes(&mut self) -> Vec<Doc> {
        let service = self.service;
        let heard: BTreeSet<usize> = service
            .methods
            .iter()
            .flat_map(|method| &method.errors)
            .chain(&service.default_errors)
            .copied()
            .collect();
        let told = service.peer.iter().flat_map(|peer| &peer.methods).flat_map(|method| &method.errors);
        let told: BTreeSet<usize> = told.copied().collect();
        let errors = service.errors.iter().enumerate();
        errors
            .map(|(place, error)| {
                let ways = [(Way::Decode, heard.contains(&place)), (Way::Encode, told.contains(&place))];
                let ways = ways.into_iter().filter(|(_, used)| *used).map(|(way, _)| way);
                self.error_class(error, &ways.collect::<Vec<_>>())
            })
            .collect()
    }

    fn error_class(&mut self, error: &ErrorClass, ways: &[Way]) -> Doc {
        let base = self.imports.value(CLIENT, "RpcError");
        let details = error.details.as_ref().map_or_else(Doc::empty, |details| {
            Doc::Concat(vec!["<".into(), self.of(details, Place::Inside), ">".into()])
        });
        let mut members: Vec<Doc> = vec![
            format!("static readonly code = {};", error.code).into(),
            format!("static readonly kind = {};", string(&error.kind)).into(),
        ];
        members.extend(error.retryable.then(|| "static readonly retryable = true;".into()));
        for way in ways {
            members.extend(self.details_converter(error, *way));
        }
        let retryable = if error.retryable { "The same call may succeed later." } else { "" };
        Doc::Concat(vec![
            comment(&with_note(&error.docs, retryable), 0),
            format!("export class {} extends {base}", error.class).into(),
            details,
            " {".into(),
            Doc::indent(vec![Doc::HardLine, Doc::lines(members)]),
            Doc::HardLine,
            "}".into(),
        ])
    }

    /// The function that converts the details, as a static of the class.
    fn details_converter(&mut self, error: &ErrorClass, way: Way) -> Option<Doc> {
        let path = format!("{}Details", error.class);
        let name = self.converter(error.details.as_ref()?, way, &path)?;
        let member = match way {
            Way::Decode => "static readonly decode: (wire: unknown) => unknown",
            Way::Encode => "static readonly encode: (details: never) => unknown",
        };
        Some(format!("{member} = {name};").into())
    }

    /// The names of errors.
    pub(super) fn error_names(&self, places: &[usize]) -> Vec<String> {
        places
            .iter()
            .filter_map(|place| self.service.errors.get(*place))
            .map(|error| error.class.clone())
            .collect()
    }

    /// The docs of a method with what it throws and whether it is deprecated.
    pub(super) fn method_docs(&self, method: &Method, fallback: &str) -> String {
        let mut docs = if method.docs.is_empty() { fallback.to_owned() } else { method.docs.clone() };
        let mut tags = Vec::new();
        for error in method.answers().filter_map(|place| self.service.errors.get(*place)) {
            tags.push(
                format!("@throws {{{}}} {}", error.class, error.docs.replace('\n', " "))
                    .trim_end()
                    .to_owned(),
            );
        }
        tags.extend(
            method.deprecated.as_ref().map(|note| format!("@deprecated {note}").trim_end().to_owned()),
        );
        if !tags.is_empty() {
            docs = format!("{}\n\n{}", docs.trim(), tags.join("\n"));
        }
        docs
    }
}
