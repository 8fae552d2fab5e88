//! What the client answers: the interface that an application implements.

use super::convert::Way;
use super::syntax::{comment, method, parentheses, signature, string};
use super::types::Place;
use super::{CLIENT, Context};
use crate::model::{Method, Params, Peer};
use crate::print::layout::Doc;
use crate::print::names::Scope;

impl Context<'_> {
    /// The handler interface, where the service has a peer.
    pub(super) fn handler(&mut self) -> Option<Doc> {
        let peer = self.service.peer.as_ref().filter(|peer| !peer.methods.is_empty())?;
        let mut names = Scope::default();
        let methods: Vec<Doc> = peer
            .methods
            .iter()
            .map(|call| {
                let name = names.take([method(&call.rust_name)]);
                self.handler_method(call, name)
            })
            .collect();
        let docs = if peer.docs.is_empty() {
            format!("Answers the server's calls of `{}`.", peer.name)
        } else {
            peer.docs.clone()
        };
        let blank = Doc::Concat(vec![Doc::HardLine, Doc::HardLine]);
        let body = Doc::indent(vec![Doc::HardLine, Doc::join(blank, methods)]);
        Some(Doc::Concat(vec![
            comment(&docs, 0),
            format!("export interface {} {{", peer.handler).into(),
            body,
            Doc::HardLine,
            "}".into(),
        ]))
    }

    fn handler_method(&mut self, call: &Method, name: String) -> Doc {
        let fallback = format!("Answers `{}`.", call.wire);
        let docs = self.method_docs(call, &fallback);
        let mut parameters: Vec<Doc> = self
            .params_type(&call.params)
            .map(|body| Doc::Concat(vec!["params: ".into(), body]))
            .into_iter()
            .collect();
        let served = self.imports.class(CLIENT, "ServedCall");
        parameters.push(format!("call: {served}").into());
        let result = match &call.result {
            Some(body) => self.or_promise(body),
            None => " void | Promise<void>".into(),
        };
        Doc::Concat(vec![comment(&docs, 1), name.into(), signature(parameters, result), ";".into()])
    }

    /// The type of a method's parameters.
    pub(super) fn params_type(&self, params: &Params) -> Option<Doc> {
        match params {
            Params::None => None,
            Params::Own { name, .. } => Some(name.clone().into()),
            Params::Type(body) => Some(self.of(body, Place::Inside)),
        }
    }

    /// The method of the client class that takes the handler.
    pub(super) fn serve(&mut self, peer: &Peer, name: &str) -> Doc {
        let unsubscribe = self.imports.class(CLIENT, "Unsubscribe");
        let docs = format!(
            "Answers the server's calls of `{}`. Returns a function that stops answering.",
            peer.name
        );
        let mut names = Scope::default();
        let entries: Vec<Doc> = peer
            .methods
            .iter()
            .map(|call| {
                let name = names.take([method(&call.rust_name)]);
                self.served_method(call, &name)
            })
            .collect();
        let entries = Doc::lines(entries);
        Doc::Concat(vec![
            comment(&docs, 1),
            name.to_owned().into(),
            signature(vec![format!("handler: {}", peer.handler).into()], format!(" {unsubscribe}").into()),
            " {".into(),
            Doc::indent(vec![
                Doc::HardLine,
                "return this.#service.serve({".into(),
                Doc::indent(vec![Doc::HardLine, entries]),
                Doc::HardLine,
                "});".into(),
            ]),
            Doc::HardLine,
            "}".into(),
        ])
    }

    fn served_method(&mut self, call: &Method, name: &str) -> Doc {
        let served = self.imports.class(CLIENT, "ServedCall");
        let (params, arguments) = match self.params_type(&call.params) {
            Some(body) => (Doc::Concat(vec!["params: ".into(), body]), "params, call"),
            None => ("_params: unknown".into(), "call"),
        };
        let parameters = parentheses(vec![params, format!("call: {served}").into()]);
        let body = format!("handler.{name}({arguments})");
        let arrow = Doc::group(vec![
            "handle: ".into(),
            parameters,
            " =>".into(),
            Doc::indent(vec![Doc::Line, body.into()]),
        ]);
        let decode = self.params_converter(&call.params, Way::Decode).map(|name| format!("decode: {name}"));
        let encode = self.result_converter(call, Way::Encode).map(|name| format!("encode: {name}"));
        let members = std::iter::once(arrow).chain(decode.map(Doc::from)).chain(encode.map(Doc::from));
        let object = super::syntax::braces(members.collect(), ",");
        Doc::Concat(vec![format!("{}: ", string(&call.wire)).into(), object, ",".into()])
    }
}
