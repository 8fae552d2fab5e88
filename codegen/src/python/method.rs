//! One method of a client class: a call, a notification, a stream, an upload.

use super::client::{PyMethod, PyParams, function};
use super::module::Module;
use super::syntax::{brackets, list, string, subscript};
use super::types::Py;
use super::{STEP, WIDTH, WIRECALL};
use crate::model::Method;
use crate::print::layout::Doc;

/// What a method is for the runtime.
struct Kind {
    /// The method of the runtime.
    name: &'static str,
    /// What is said of a method without docs.
    verb: &'static str,
    /// What stands before the call of the runtime.
    keyword: &'static str,
    /// What stands before the name of the method.
    head: &'static str,
}

impl Kind {
    fn of(method: &PyMethod<'_>) -> Self {
        let awaited = if method.result.is_some() { "return await" } else { "await" };
        let [is_stream, is_upload] = [&method.stream, &method.upload].map(Option::is_some);
        let (name, verb, keyword) = match (method.call.is_call(), is_stream, is_upload) {
            (false, ..) => ("notify", "Sends", "await"),
            (true, false, false) => ("call", "Calls", awaited),
            (true, false, true) => ("upload", "Uploads to", awaited),
            (true, true, false) => ("stream", "Streams", "return"),
            (true, true, true) => ("duplex", "Streams both ways:", "return"),
        };
        let head = if keyword == "return" { "def" } else { "async def" };
        Self { name, verb, keyword, head }
    }
}

/// The names of a method's parameters that are no fields.
struct Names {
    options: String,
    items: Option<String>,
    /// All of them, and the fields.
    taken: Vec<String>,
}

impl Names {
    fn new(method: &PyMethod<'_>, mut taken: Vec<String>) -> Self {
        let mut free = |name: &str, prefix: &str| {
            let mut name = name.to_owned();
            while taken.contains(&name) {
                name = format!("{prefix}_{name}");
            }
            taken.push(name.clone());
            name
        };
        let options = free("options", "call");
        let items = method.upload.is_some().then(|| free("items", "upload"));
        Self { options, items, taken }
    }
}

impl Module<'_> {
    pub(super) fn call(&mut self, name: &str, method: &PyMethod<'_>, hidden: &[String]) -> Doc {
        let call = method.call;
        let kind = Kind::of(method);
        let (mut parameters, fields) = self.parameters(&method.params, hidden);
        let names = Names::new(method, fields);
        if let (Some(item), Some(name)) = (&method.upload, &names.items) {
            let place = parameters.iter().position(|(is_named, _)| *is_named).unwrap_or(parameters.len());
            let items = self.items(name, item, hidden);
            parameters.insert(place, (false, items));
        }
        if call.is_call() {
            let class = self.imports.value(WIRECALL, "CallOptions");
            if !parameters.iter().any(|(is_named, _)| *is_named) {
                parameters.push((true, "*".into()));
            }
            parameters.push((true, format!("{}: {class} | None = None", names.options).into()));
        }
        let parameters =
            std::iter::once("self".into()).chain(parameters.into_iter().map(|(_, doc)| doc)).collect();
        let answer = self.answer(method, hidden);
        let docs = self.method_docs(call, &format!("{} `{}`.", kind.verb, call.wire));
        let body = self.call_body(method, &kind, &names);
        function(&format!("{} {name}", kind.head), parameters, answer, vec![docs, body])
    }

    /// The parameter that an upload's items come from.
    fn items(&mut self, name: &str, item: &Py, hidden: &[String]) -> Doc {
        let mut source = |class: &str| {
            let class = self.imports.value("collections.abc", class);
            let item = if *item == Py::Any { "object".into() } else { self.annotation(item, hidden) };
            subscript(format!("{class}["), vec![item])
        };
        let sources = vec![source("AsyncIterable"), source("Iterable")];
        Doc::Concat(vec![format!("{name}: ").into(), super::types::alternatives(sources)])
    }

    /// What a method returns.
    fn answer(&mut self, method: &PyMethod<'_>, hidden: &[String]) -> Doc {
        if let Some(item) = &method.stream {
            let class = self.imports.value(WIRECALL, "CallStream");
            let mut shown = |body: Option<&Py>| match body {
                None => "None".into(),
                Some(Py::Any) => "object".into(),
                Some(body) => self.annotation(body, hidden),
            };
            let types = vec![shown(Some(item)), shown(method.result.as_ref())];
            return subscript(format!("{class}["), types);
        }
        method.result.as_ref().map_or_else(|| "None".into(), |body| self.result(body, hidden))
    }

    fn call_body(&mut self, method: &PyMethod<'_>, kind: &Kind, names: &Names) -> Doc {
        let call = method.call;
        let mut tail: Vec<Doc> = Vec::new();
        if call.is_call() {
            tail.extend(names.items.clone().map(Doc::from));
            tail.extend(method.stream.as_ref().map(|body| self.expression(body, &names.taken)));
            let result = method.result.as_ref().map(|body| self.expression(body, &names.taken));
            tail.push(result.unwrap_or_else(|| "None".into()));
            tail.push(names.options.clone().into());
            tail.extend(self.settings(call));
        }
        let sent = |params: Doc| {
            let arguments = [vec![string(&call.wire).into(), params], tail.clone()].concat();
            list(format!("{} self._service.{}(", kind.keyword, kind.name), arguments, ")")
        };
        match &method.params {
            PyParams::None => sent("None".into()),
            PyParams::One(_) => sent("params".into()),
            PyParams::Fields(class, fields) => {
                let arguments = fields.iter().map(|field| format!("{0}={0}", field.name).into()).collect();
                let made = list(format!("{class}("), arguments, ")");
                let inline = sent(made.clone());
                if inline.render(usize::MAX, STEP).chars().count() + 2 * STEP <= WIDTH {
                    return inline;
                }
                let mut local = "params".to_owned();
                while names.taken.contains(&local) {
                    local.push('_');
                }
                Doc::lines([Doc::Concat(vec![format!("{local} = ").into(), made]), sent(local.into())])
            }
        }
    }

    fn settings(&self, call: &Method) -> Vec<Doc> {
        let mut settings: Vec<Doc> = Vec::new();
        settings.extend(call.idempotent.then(|| "idempotent=True".into()));
        settings.extend(call.timeout_ms.map(|limit| {
            let limit = std::time::Duration::from_millis(limit).as_secs_f64();
            format!("timeout={limit:?}").into()
        }));
        if call.has_own_errors {
            let errors = call.errors.iter().filter_map(|place| self.service()?.errors.get(*place));
            let errors: Vec<Doc> = errors.map(|error| error.class.clone().into()).collect();
            // Not a list: mypy joins its classes while it chooses an overload, and may fail to.
            settings.push(brackets("errors=(", errors, ")"));
        }
        settings.extend(call.positional.then(|| "positional=True".into()));
        settings
    }
}
