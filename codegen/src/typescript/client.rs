//! The client class of a service: one method a call, one a event.

use super::convert::Way;
use super::syntax::{brackets, comment, method, parameter, parentheses, signature, string};
use super::{CLIENT, Context};
use crate::model::Event;
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
        let mut given = vec![string(&event.wire).into(), "listener".into()];
        given.extend(self.params_converter(&event.params, Way::Decode).map(Doc::from));
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
