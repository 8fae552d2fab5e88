//! What the client answers: the protocol that an application implements.

use super::WIRECALL;
use super::client::{PyMethod, PyParams, function};
use super::declarations::class;
use super::docstring::docstring;
use super::module::Module;
use super::syntax::{list, string};
use super::types::Py;
use crate::model::Peer;
use crate::print::layout::Doc;
use crate::print::names::Scope;

impl Module<'_> {
    /// The protocol class.
    pub(super) fn handler(&mut self, peer: &Peer, methods: &[PyMethod<'_>]) -> Doc {
        let protocol = self.imports.value("typing", "Protocol");
        let docs = if peer.docs.is_empty() {
            format!("Answers the server's calls of `{}`.", peer.name)
        } else {
            peer.docs.clone()
        };
        let names = names(methods);
        let mut body = vec![docstring(&docs, 1)];
        for (method, name) in methods.iter().zip(&names) {
            body.push(Doc::empty());
            body.push(self.handler_method(name, method, &names));
        }
        class(format!("class {}({protocol})", peer.handler).into(), body)
    }

    fn handler_method(&mut self, name: &str, method: &PyMethod<'_>, hidden: &[String]) -> Doc {
        let (mut parameters, names) = self.parameters(&method.params, hidden);
        if !parameters.iter().any(|(is_named, _)| *is_named) {
            parameters.push((true, "*".into()));
        }
        let served = self.imports.value(WIRECALL, "ServedCall");
        parameters.push((true, format!("{}: {served}", call_name(&names)).into()));
        let parameters =
            std::iter::once("self".into()).chain(parameters.into_iter().map(|(_, doc)| doc)).collect();
        let result = match &method.result {
            Some(body) => self.result(body, hidden),
            None => "None".into(),
        };
        let docs = self.method_docs(method.call, &format!("Answers `{}`.", method.call.wire));
        function(&format!("async def {name}"), parameters, result, vec![docs, "...".into()])
    }

    /// The method of the client class that takes the handler.
    pub(super) fn serve(&mut self, name: &str, peer: &Peer, methods: &[PyMethod<'_>]) -> Doc {
        let unsubscribe = self.imports.value(WIRECALL, "Unsubscribe");
        let docs = format!(
            "Answers the server's calls of `{}`. Returns a function that stops answering.",
            peer.name
        );
        let entries: Vec<Doc> =
            methods.iter().zip(names(methods)).map(|(method, name)| self.entry(&name, method)).collect();
        let body = Doc::Concat(vec![
            "return self._service.serve(".into(),
            Doc::indent(vec![
                Doc::HardLine,
                "{".into(),
                Doc::indent(vec![Doc::HardLine, Doc::lines(entries)]),
                Doc::HardLine,
                "}".into(),
            ]),
            Doc::HardLine,
            ")".into(),
        ]);
        let parameters = vec!["self".into(), format!("handler: {}", peer.handler).into()];
        function(&format!("def {name}"), parameters, unsubscribe.into(), vec![docstring(&docs, 2), body])
    }

    fn entry(&mut self, name: &str, method: &PyMethod<'_>) -> Doc {
        let (shape, argument, given) = match &method.params {
            PyParams::None => (Py::Any, "_", vec!["call=call".into()]),
            PyParams::One(body) => (body.clone(), "params", vec!["params".into(), "call=call".into()]),
            PyParams::Fields(class, fields) => {
                let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
                let given = names.iter().map(|name| format!("{name}=params.{name}"));
                let given = given.chain(std::iter::once(format!("{}=call", call_name(&names))));
                let argument = if fields.is_empty() { "_" } else { "params" };
                (Py::Name(class.clone()), argument, given.map(Doc::from).collect())
            }
        };
        let handle = self.imports.value(WIRECALL, "handle");
        let result = method.result.as_ref().map_or_else(|| "None".into(), |body| self.expression(body, &[]));
        let run = list(format!("lambda {argument}, call: handler.{name}("), given, ")");
        let made = list(format!("{handle}("), vec![self.expression(&shape, &[]), result, run], ")");
        Doc::Concat(vec![format!("{}: ", string(&method.call.wire)).into(), made, ",".into()])
    }
}

/// The names of the handler's methods.
fn names(methods: &[PyMethod<'_>]) -> Vec<String> {
    let mut names = Scope::default();
    methods.iter().map(|method| names.take([method.name.clone()])).collect()
}

/// The name of the parameter that tells of the call.
fn call_name(names: &[String]) -> String {
    let mut name = "call".to_owned();
    while names.contains(&name) {
        name = format!("served_{name}");
    }
    name
}
