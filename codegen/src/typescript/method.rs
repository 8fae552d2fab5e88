//! One method of a client class: a call, a notification, a stream, an upload.

use super::convert::Way;
use super::syntax::{Last, access, arguments, brackets, comment, number, parentheses, signature, string};
use super::types::Place;
use super::{CLIENT, Context};
use crate::model::{Method, Params, Type};
use crate::print::layout::Doc;
use crate::print::names::pascal;

/// What a method is for the runtime.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Notification,
    Call,
    Stream,
    Upload,
    Duplex,
}

impl Kind {
    fn of(call: &Method) -> Self {
        match (call.is_call(), &call.stream, &call.upload) {
            (false, ..) => Self::Notification,
            (true, None, None) => Self::Call,
            (true, Some(_), None) => Self::Stream,
            (true, None, Some(_)) => Self::Upload,
            (true, Some(_), Some(_)) => Self::Duplex,
        }
    }

    /// The method of the runtime.
    fn name(self) -> &'static str {
        match self {
            Self::Notification => "notify",
            Self::Call => "call",
            Self::Stream => "stream",
            Self::Upload => "upload",
            Self::Duplex => "duplex",
        }
    }

    /// What is said of a method without docs.
    fn verb(self) -> &'static str {
        match self {
            Self::Notification => "Sends",
            Self::Call => "Calls",
            Self::Stream => "Streams",
            Self::Upload => "Uploads to",
            Self::Duplex => "Streams both ways:",
        }
    }
}

impl Context<'_> {
    pub(super) fn method(&mut self, call: &Method, name: String) -> Doc {
        let kind = Kind::of(call);
        let docs = self.method_docs(call, &format!("{} `{}`.", kind.verb(), call.wire));
        let mut parameters = Vec::new();
        if let Some(body) = self.params_type(&call.params) {
            let default = if is_optional(&call.params) && call.upload.is_none() { " = {}" } else { "" };
            parameters.push(Doc::Concat(vec!["params: ".into(), body, default.into()]));
        }
        parameters.extend(call.upload.as_ref().map(|item| self.items(item)));
        if call.is_call() {
            let options = self.imports.class(CLIENT, "CallOptions");
            parameters.push(format!("options?: {options}").into());
        }
        let result = self.answer(call);
        let sent = self.sent(call, kind);
        Doc::Concat(vec![
            comment(&docs, 1),
            name.into(),
            signature(parameters, Doc::Concat(vec![" ".into(), result])),
            " {".into(),
            Doc::indent(vec![Doc::HardLine, "return this.#service.".into(), sent, ";".into()]),
            Doc::HardLine,
            "}".into(),
        ])
    }

    /// The parameter that an upload's items come from.
    fn items(&self, item: &Type) -> Doc {
        let sources = ["AsyncIterable", "Iterable"].map(|name| self.generic(name, &[item]));
        Doc::Concat(vec!["items:".into(), super::types::broken_union(sources.into())])
    }

    /// What a method returns.
    fn answer(&mut self, call: &Method) -> Doc {
        if let Some(item) = &call.stream {
            let name = self.imports.class(CLIENT, "CallStream");
            let types: Vec<&Type> = std::iter::once(item).chain(&call.result).collect();
            return self.generic(&name, &types);
        }
        call.result.as_ref().map_or_else(|| "Promise<void>".into(), |body| self.generic("Promise", &[body]))
    }

    /// The call of the runtime that a method is.
    fn sent(&mut self, call: &Method, kind: Kind) -> Doc {
        let wire: Doc = string(&call.wire).into();
        let positions = self.positions(call);
        let encode =
            if positions.is_some() { None } else { self.params_converter(&call.params, Way::Encode) };
        let by_name = if matches!(call.params, Params::None) { "undefined" } else { "params" };
        if kind == Kind::Notification {
            let given = match (positions, encode) {
                (Some(positions), _) => arguments(vec![wire], Some(Last::Array(positions))),
                (None, encode) => {
                    let encode = encode.map(Doc::from);
                    parentheses([wire, by_name.into()].into_iter().chain(encode).collect())
                }
            };
            return Doc::Concat(vec![kind.name().into(), given]);
        }
        let mut given = vec![wire, positions.map_or_else(|| by_name.into(), brackets)];
        given.extend(call.upload.is_some().then(|| "items".into()));
        given.push("options".into());
        let last = Some(self.declared(call, encode)).filter(|members| !members.is_empty()).map(Last::Object);
        Doc::Concat(vec![kind.name().into(), arguments(given, last)])
    }

    /// The parameters one by one, where they go by position.
    fn positions(&mut self, call: &Method) -> Option<Vec<Doc>> {
        let Params::Own { name, record } = &call.params else { return None };
        call.positional.then(|| {
            let fields = record.fields.iter().map(|field| {
                let value = access("params", &field.wire);
                self.converted_field(field, &value, Way::Encode, name).unwrap_or_else(|| value.into())
            });
            fields.collect()
        })
    }

    /// What the contract says of the call beyond its types.
    fn declared(&mut self, call: &Method, encode: Option<String>) -> Vec<Doc> {
        let mut members: Vec<Doc> = Vec::new();
        members.extend(call.idempotent.then(|| "idempotent: true".into()));
        members.extend(call.timeout_ms.map(|limit| format!("timeoutMs: {}", number(limit)).into()));
        if call.has_own_errors {
            let errors = self.error_names(&call.errors).into_iter().map(Doc::from).collect();
            members.push(Doc::Concat(vec!["errors: ".into(), brackets(errors)]));
        }
        let decode = self.result_converter(call, Way::Decode);
        let path = format!("{}Item", pascal(&call.rust_name));
        let decode_item = call.stream.as_ref().and_then(|body| self.converter(body, Way::Decode, &path));
        let encode_item = call.upload.as_ref().and_then(|body| self.converter(body, Way::Encode, &path));
        let converters = [
            ("encode", encode),
            ("decode", decode),
            ("decodeItem", decode_item),
            ("encodeItem", encode_item),
        ];
        let given = converters.into_iter().filter_map(|(name, function)| Some((name, function?)));
        members.extend(given.map(|(name, function)| format!("{name}: {function}").into()));
        members
    }

    /// The function that converts a result, where it needs one.
    pub(super) fn result_converter(&mut self, call: &Method, way: Way) -> Option<String> {
        let path = format!("{}Result", pascal(&call.rust_name));
        call.result.as_ref().and_then(|body| self.converter(body, way, &path))
    }

    /// `Name<A, B>`; a single object type hugs the brackets.
    pub(super) fn generic(&self, name: &str, bodies: &[&Type]) -> Doc {
        let inner = Doc::join(
            vec![",".into(), Doc::Line],
            bodies
                .iter()
                .map(|body| self.of(body, if bodies.len() > 1 { Place::Item } else { Place::Inside })),
        );
        let hugs = matches!(bodies, [body] if super::types::is_object(body));
        let inner = if hugs {
            inner
        } else {
            Doc::Concat(vec![Doc::indent(vec![Doc::SoftLine, inner]), Doc::SoftLine])
        };
        Doc::group(vec![format!("{name}<").into(), inner, ">".into()])
    }
}

/// Whether every parameter may be left out.
fn is_optional(params: &Params) -> bool {
    matches!(params, Params::Own { record, .. } if record.fields.iter().all(|field| !field.required))
}
