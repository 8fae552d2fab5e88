//! The error classes of a module.

use super::WIRECALL;
use super::declarations::class;
use super::docstring::docstring;
use super::module::Module;
use super::syntax::string;
use super::types::{PyField, has_class};
use crate::model::{ErrorClass, Field, Type};
use crate::print::docs::with_note;
use crate::print::layout::Doc;

/// What every error has already: a field of that name gets an underscore.
const TAKEN: &[&str] = &[
    "add_note",
    "args",
    "code",
    "details",
    "from_wire",
    "kind",
    "message",
    "retry_after",
    "retryable",
    "with_message",
    "with_traceback",
];

impl Module<'_> {
    /// The fields of an error's details, which become its attributes.
    pub(super) fn error_fields(&mut self, error: &ErrorClass) -> Vec<PyField> {
        let Some(details) = &error.details else { return Vec::new() };
        let record = match self.model.behind(details) {
            Type::Record(record) if has_class(record) => record,
            _ => return Vec::new(),
        };
        let fields: Vec<&Field> = record.fields.iter().collect();
        self.fields(&fields, &error.class, TAKEN)
    }

    pub(super) fn error_class(&mut self, error: &ErrorClass, fields: &[PyField]) -> Doc {
        let base = self.imports.value(WIRECALL, "RpcError");
        let docs =
            if error.docs.is_empty() { format!("The error `{}`.", error.kind) } else { error.docs.clone() };
        let retryable = if error.retryable { "The same call may succeed later." } else { "" };
        let mut body = vec![
            docstring(&with_note(&docs, retryable), 1),
            Doc::empty(),
            format!("code = {}", error.code).into(),
            format!("kind = {}", string(&error.kind)).into(),
        ];
        body.extend(error.retryable.then(|| "retryable = True".into()));
        body.extend(self.class_fields(fields));
        class(format!("class {}({base})", error.class).into(), body)
    }
}
