//! The client class of a service: one method a call, one an event.

use super::WIRECALL;
use super::declarations::class;
use super::docstring::{docstring, docstring_with};
use super::module::Module;
use super::names::name;
use super::syntax::{brackets, list, list_before, string};
use super::types::{Py, PyField, alternatives, has_class};
use crate::model::{Event, Method, Params, Type, params_docs};
use crate::print::docs::with_note;
use crate::print::layout::Doc;
use crate::print::names::{Scope, pascal, snake};

/// What a method takes, or an event carries.
pub(super) enum PyParams {
    None,
    /// Fields, which a method takes one by one, and the class that holds them.
    Fields(String, Vec<PyField>),
    /// One value.
    One(Py),
}

/// A method with its types in Python.
pub(super) struct PyMethod<'m> {
    pub(super) call: &'m Method,
    pub(super) name: String,
    pub(super) params: PyParams,
    pub(super) result: Option<Py>,
    pub(super) stream: Option<Py>,
    pub(super) upload: Option<Py>,
}

impl<'m> Module<'m> {
    /// Everything that the module of a service declares: client, handler, types, errors.
    pub(super) fn parts(&mut self) -> Vec<Doc> {
        let Some(service) = self.service() else { return Vec::new() };
        let methods = self.methods(&service.methods);
        let served = service
            .peer
            .as_ref()
            .filter(|peer| !peer.methods.is_empty())
            .map(|peer| (peer, self.methods(&peer.methods)));
        let events: Vec<(&Event, PyParams)> =
            service.events.iter().map(|event| (event, self.params(&event.params, &event.docs))).collect();
        let errors: Vec<_> = service.errors.iter().map(|error| (error, self.error_fields(error))).collect();
        self.finish();
        let mut names = Scope::default();
        let mut members: Vec<(String, Member<'_, 'm>)> = Vec::new();
        for method in &methods {
            members.push((names.take([method.name.clone()]), Member::Call(method)));
        }
        for (event, params) in &events {
            let base = snake(&event.rust_name);
            members.push((
                names.take([format!("on_{base}"), format!("on_{base}_event")]),
                Member::Event(event, params),
            ));
        }
        if let Some((peer, methods)) = &served {
            members.push((
                names.take([format!("serve_{}", snake(&peer.rust_name))]),
                Member::Serve(peer, methods),
            ));
        }
        let mut parts = vec![self.client(&members)];
        parts.extend(served.as_ref().map(|(peer, methods)| self.handler(peer, methods)));
        parts.extend(self.declarations());
        parts
            .extend(errors.iter().map(|(error, fields)| self.error_class(error, fields)).collect::<Vec<_>>());
        parts
    }

    fn methods(&mut self, methods: &'m [Method]) -> Vec<PyMethod<'m>> {
        let params: Vec<PyParams> =
            methods.iter().map(|call| self.params(&call.params, &params_docs(call))).collect();
        let prepared = methods.iter().zip(params).map(|(call, params)| {
            let path = pascal(&call.rust_name);
            let mut lower = |body: &Option<Type>, what: &str| {
                body.as_ref().map(|body| self.lower(body, &format!("{path}{what}"), None, true))
            };
            PyMethod {
                call,
                name: name(&call.rust_name),
                params,
                upload: lower(&call.upload, "Chunk"),
                stream: lower(&call.stream, "Item"),
                result: lower(&call.result, "Result"),
            }
        });
        prepared.collect()
    }

    fn params(&mut self, params: &Params, docs: &str) -> PyParams {
        match params {
            Params::None => PyParams::None,
            Params::Own { name, record } if has_class(record) => {
                self.class(name.clone(), docs.to_owned(), record);
                PyParams::Fields(name.clone(), self.class_of(name))
            }
            Params::Own { name, record } => {
                PyParams::One(self.lower(&Type::Record(record.clone()), name, Some(docs), true))
            }
            Params::Type(body) => PyParams::One(self.lower(body, "Params", None, true)),
        }
    }

    fn client(&mut self, members: &[(String, Member<'_, 'm>)]) -> Doc {
        let Some(service) = self.service() else { return Doc::empty() };
        let hidden: Vec<String> = members.iter().map(|(name, _)| name.clone()).collect();
        let docs = if service.docs.is_empty() {
            format!("The service `{}`.", service.name)
        } else {
            service.docs.clone()
        };
        let client = self.imports.value(WIRECALL, "Client");
        let mut arguments: Vec<Doc> =
            vec![string(&service.name).into(), format!("contract={}", string(&service.fingerprint)).into()];
        let errors: Vec<Doc> = service
            .default_errors
            .iter()
            .filter_map(|place| service.errors.get(*place))
            .map(|error| error.class.clone().into())
            .collect();
        if !errors.is_empty() {
            arguments.push(brackets("errors=[", errors, "]"));
        }
        let mut body = vec![
            docstring(&docs, 1),
            Doc::empty(),
            Doc::Concat(vec![
                format!("def __init__(self, client: {client}) -> None:").into(),
                Doc::indent(vec![Doc::HardLine, list("self._service = client.service(", arguments, ")")]),
            ]),
        ];
        for (name, member) in members {
            body.push(Doc::empty());
            body.push(match member {
                Member::Call(method) => self.call(name, method, &hidden),
                Member::Event(event, params) => self.event(name, event, params, &hidden),
                Member::Serve(peer, methods) => self.serve(name, peer, methods),
            });
        }
        class(format!("class {}", service.client).into(), body)
    }

    /// The parameters of a method, each with whether it is given by name, and their names.
    pub(super) fn parameters(
        &mut self,
        params: &PyParams,
        hidden: &[String],
    ) -> (Vec<(bool, Doc)>, Vec<String>) {
        match params {
            PyParams::None => (Vec::new(), Vec::new()),
            PyParams::One(body) => {
                let body = if *body == Py::Any { "object".into() } else { self.annotation(body, hidden) };
                (vec![(false, Doc::Concat(vec!["params: ".into(), body]))], vec!["params".to_owned()])
            }
            PyParams::Fields(_, fields) => {
                let mut parameters: Vec<(bool, Doc)> = vec![(true, "*".into())];
                for field in fields {
                    let (parts, default) = self.with_default(field, hidden);
                    let body = if field.body == Py::Any { "object".into() } else { alternatives(parts) };
                    let default = default.map_or_else(String::new, |default| format!(" = {default}"));
                    parameters.push((
                        true,
                        Doc::Concat(vec![format!("{}: ", field.name).into(), body, default.into()]),
                    ));
                }
                (parameters, fields.iter().map(|field| field.name.clone()).collect())
            }
        }
    }

    /// The docstring of a method, with what it raises.
    pub(super) fn method_docs(&self, call: &Method, fallback: &str) -> Doc {
        let mut docs = if call.docs.is_empty() { fallback.to_owned() } else { call.docs.clone() };
        if let Some(note) = &call.deprecated {
            docs = format!("{docs}\n\n{}", deprecated(note));
        }
        let errors = call.answers().filter_map(|place| self.service()?.errors.get(*place));
        let entries: Vec<(String, String)> = errors
            .map(|error| {
                let docs = error.docs.split_whitespace().collect::<Vec<_>>().join(" ");
                (
                    error.class.clone(),
                    if docs.is_empty() { format!("The error `{}`.", error.kind) } else { docs },
                )
            })
            .collect();
        docstring_with(&docs, "Raises:", &entries, 2)
    }

    fn event(&mut self, name: &str, event: &Event, params: &PyParams, hidden: &[String]) -> Doc {
        let callable = self.imports.value("collections.abc", "Callable");
        let unsubscribe = self.imports.value(WIRECALL, "Unsubscribe");
        let docs =
            if event.docs.is_empty() { format!("Hears `{}`.", event.wire) } else { event.docs.clone() };
        let mut docs = with_note(&docs, "Returns a function that stops listening.");
        if let Some(note) = &event.deprecated {
            docs = format!("{docs}\n\n{}", deprecated(note));
        }
        let body = match params {
            PyParams::None => None,
            PyParams::Fields(class, _) => Some(Py::Name(class.clone())),
            PyParams::One(body) => Some(body.clone()),
        };
        let heard = body.as_ref().map(|body| self.annotation(body, hidden)).into_iter().collect();
        let listener = list(
            format!("listener: {callable}["),
            vec![Doc::Concat(vec![list("[", heard, "]"), ", None".into()])],
            "]",
        );
        let given = match &body {
            Some(body) => vec![self.expression(body, &[]), "listener".into()],
            None => vec![self.expression(&Py::Any, &[]), "lambda _: listener()".into()],
        };
        let given = [vec![string(&event.wire).into()], given].concat();
        let body = list("return self._service.on(", given, ")");
        function(
            &format!("def {name}"),
            vec!["self".into(), listener],
            unsubscribe.into(),
            vec![docstring(&docs, 2), body],
        )
    }
}

/// A method of the client class.
enum Member<'p, 'm> {
    Call(&'p PyMethod<'m>),
    Event(&'p Event, &'p PyParams),
    Serve(&'p crate::model::Peer, &'p [PyMethod<'m>]),
}

fn deprecated(note: &str) -> String {
    if note.is_empty() { "Deprecated.".to_owned() } else { format!("Deprecated: {note}") }
}

/// A function with the lines of its body.
pub(super) fn function(head: &str, parameters: Vec<Doc>, result: Doc, body: Vec<Doc>) -> Doc {
    let head = list_before(
        format!("{head}("),
        parameters,
        ")",
        Doc::Concat(vec![" -> ".into(), result, ":".into()]),
    );
    Doc::Concat(vec![head, Doc::indent(vec![Doc::HardLine, Doc::lines(body)])])
}
