//! The client class of a service: one method a call, one a event.

use super::syntax::{
    Last, access, arguments, brackets, comment, method, number, parameter, parentheses, signature, string,
};
use super::{CLIENT, Context};
use crate::model::{Event, Method, Params};
use crate::print::docs::with_note;
use crate::print::layout::Doc;
use crate::print::names::{Scope, pascal};

impl Context<'_> {
    pub(super) fn client(&mut self) -> Doc {
        let service = self.service;
        let mut names = Scope::default();
        let mut parts = vec![];
        for call in &service.methods {
            let name = names.take([method(&call.rust_name)]);
            parts.push(self.method(call, name));
        }
        for event in &service.events {
            let base = pascal(&event.rust_name);
            let name = names.take([format!("on{base}"), format!("on{base}Event")]);
            parts.push(self.event(event, name));
        }
        if let Some(peer) = service.peer.as_ref().filter(|peer| !peer.methods.is_empty()) {
            let name = names.take([format!("serve{}", pascal(&peer.rust_name))]);
            parts.push(self.serve(peer, &name));
        }
        let start = self.constructor(!parts.is_empty());
        parts.insert(0, start);
        let blank = Doc::Concat(vec![Doc::HardLine, Doc::HardLine]);
        let docs = if service.docs.is_empty() {
            format!("The service `{}`.", service.name)
        } else {
            service.docs.clone()
        };
        Doc::Concat(vec![
            comment(&docs, 0),
            format!("export class {} {{", service.client).into(),
            Doc::indent(vec![Doc::HardLine, Doc::join(blank, parts)]),
            Doc::HardLine,
            "}".into(),
        ])
    }

    /// The constructor, and the field before it, where a method uses it.
    fn constructor(&mut self, is_used: bool) -> Doc {
        let client = self.imports.class(CLIENT, "Client");
        let errors =
            self.error_names(&self.service.default_errors).into_iter().map(Doc::from).collect::<Vec<_>>();
        let mut members = vec![
            format!("name: {},", string(&self.service.name)).into(),
            format!("contract: {},", string(&self.service.fingerprint)).into(),
        ];
        if !errors.is_empty() {
            members.push(Doc::Concat(vec!["errors: ".into(), brackets(errors), ",".into()]));
        }
        let field = if is_used {
            let service = self.imports.class(CLIENT, "ServiceClient");
            Doc::Concat(vec![format!("readonly #service: {service};").into(), Doc::HardLine, Doc::HardLine])
        } else {
            Doc::empty()
        };
        Doc::Concat(vec![
            field,
            format!("constructor(client: {client}) {{").into(),
            Doc::indent(vec![
                Doc::HardLine,
                if is_used { "this.#service = client.service({" } else { "client.service({" }.into(),
                Doc::indent(vec![Doc::HardLine, Doc::lines(members)]),
                Doc::HardLine,
                "});".into(),
            ]),
            Doc::HardLine,
            "}".into(),
        ])
    }

    fn method(&mut self, call: &Method, name: String) -> Doc {
        let verb = if call.is_call() { "Calls" } else { "Sends" };
        let docs = self.method_docs(call, &format!("{verb} `{}`.", call.wire));
        let mut parameters = Vec::new();
        if let Some(body) = self.params_type(&call.params) {
            let default = if is_optional(&call.params) { " = {}" } else { "" };
            parameters.push(Doc::Concat(vec!["params: ".into(), body, default.into()]));
        }
        if call.is_call() {
            let options = self.imports.class(CLIENT, "CallOptions");
            parameters.push(format!("options?: {options}").into());
        }
        let result = call.result.as_ref().map_or_else(|| "Promise<void>".into(), |body| self.promise(body));
        let result = Doc::Concat(vec![" ".into(), result]);
        let sent = self.sent(call);
        Doc::Concat(vec![
            comment(&docs, 1),
            name.into(),
            signature(parameters, result),
            " {".into(),
            Doc::indent(vec![Doc::HardLine, "return this.#service.".into(), sent, ";".into()]),
            Doc::HardLine,
            "}".into(),
        ])
    }

    /// The call of the runtime that a method is.
    fn sent(&self, call: &Method) -> Doc {
        let wire: Doc = string(&call.wire).into();
        let positions = match &call.params {
            Params::Own { record, .. } if call.positional => Some(
                record.fields.iter().map(|field| access("params", &field.wire).into()).collect::<Vec<Doc>>(),
            ),
            _ => None,
        };
        let by_name = if matches!(call.params, Params::None) { "undefined" } else { "params" };
        if !call.is_call() {
            let given = match positions {
                Some(positions) => arguments(vec![wire], Some(Last::Array(positions))),
                None => parentheses(vec![wire, by_name.into()]),
            };
            return Doc::Concat(vec!["notify".into(), given]);
        }
        let params = positions.map_or_else(|| by_name.into(), brackets);
        let mut settings: Vec<Doc> = Vec::new();
        if call.idempotent {
            settings.push("idempotent: true".into());
        }
        settings.extend(call.timeout_ms.map(|limit| format!("timeoutMs: {}", number(limit)).into()));
        if call.has_own_errors {
            let errors = self.error_names(&call.errors).into_iter().map(Doc::from).collect();
            settings.push(Doc::Concat(vec!["errors: ".into(), brackets(errors)]));
        }
        let last = Some(settings).filter(|settings| !settings.is_empty()).map(Last::Object);
        Doc::Concat(vec!["call".into(), arguments(vec![wire, params, "options".into()], last)])
    }

    fn event(&mut self, event: &Event, name: String) -> Doc {
        let unsubscribe = self.imports.class(CLIENT, "Unsubscribe");
        let docs =
            if event.docs.is_empty() { format!("Hears `{}`.", event.wire) } else { event.docs.clone() };
        let mut docs = with_note(&docs, "Returns a function that stops listening.");
        if let Some(note) = &event.deprecated {
            docs = format!("{docs}\n\n@deprecated {note}");
        }
        let parameters = match self.params_type(&event.params) {
            Some(body) => vec![Doc::Concat(vec![format!("{}: ", parameter(&event.rust_name)).into(), body])],
            None => vec![],
        };
        let listener = Doc::Concat(vec!["listener: ".into(), parentheses(parameters), " => void".into()]);
        let given = vec![string(&event.wire).into(), "listener".into()];
        Doc::Concat(vec![
            comment(&docs, 1),
            name.into(),
            signature(vec![listener], format!(" {unsubscribe}").into()),
            " {".into(),
            Doc::indent(vec![
                Doc::HardLine,
                "return this.#service.on".into(),
                parentheses(given),
                ";".into(),
            ]),
            Doc::HardLine,
            "}".into(),
        ])
    }
}

/// Whether every parameter may be left out.
fn is_optional(params: &Params) -> bool {
    matches!(params, Params::Own { record, .. } if record.fields.iter().all(|field| !field.required))
}
