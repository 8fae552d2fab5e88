//! The derive macros of wirecall. Use them through the crate `wirecall`, whose documentation has the examples.
//!
//! A macro reads the declaration (`ast`, from what `attr` reads of attributes and `check` finds right) and writes code
//! (`expand`) that names the runtime only as `::wirecall::…`; this crate knows nothing else of it. All mistakes are
//! collected in `errors` and told together, each on its token.

mod ast;
mod attr;
mod check;
mod errors;
mod expand;
mod names;
#[cfg(test)]
mod snapshots;

use proc_macro::TokenStream;

/// Makes an enum a service: each variant is a call or a notification.
///
/// For `Chat` it writes the trait `ChatHandler`, the client `ChatClient`, `Chat::serve`, `Chat::describe` and
/// `Chat::contract`.
///
/// # Options on the enum: `#[rpc(…)]`
///
/// | option | meaning |
/// | --- | --- |
/// | `name = "chat"` | the name on the wire; default: the enum's in `snake_case` |
/// | `error = ChatError` | the errors of every call, a `#[derive(ServiceError)]` enum |
/// | `events = ChatEvent` | what the server emits in its name, a `#[derive(Events)]` enum |
/// | `peer = Ui` | the service that the client answers, one with `side = "client"` |
/// | `side = "client"` | the client answers and the server calls |
/// | `positional` | clients send the parameters of every call by position |
/// | `crate = "path"` | where wirecall is; default `::wirecall` |
///
/// `#[serde(rename_all = "…", rename_all_fields = "…", deny_unknown_fields)]` name calls and parameters.
///
/// # Options on a variant
///
/// | option | meaning |
/// | --- | --- |
/// | `returns = Message` | the type of the result; default `()` |
/// | `error = PostError` | the errors of this call, instead of the service's |
/// | `timeout = "5m"` | the time limit (`ms`, `s`, `m`, `h`); default 30 s |
/// | `idempotent` | running it twice does the same as once, so that clients may send it again |
/// | `no_cancel` | the handler runs to its end once it was started |
/// | `serial`, `serial = "room"` | calls of a session run one after the other; or those with one value of that field |
/// | `name = "send"` | the name on the wire, after `chat.` |
/// | `method = "eth_getBalance"` | the whole method on the wire, as an existing API has it |
/// | `positional` | clients send the parameters by position |
/// | `notification` | it is never answered |
/// | `stream = Item` | it answers with items before its result: the handler gets an `Outgoing<Item>` |
/// | `upload = Item` | the caller sends items: the handler gets an `Incoming<Item>` |
/// | `subscription(notification = "…", unsubscribe = "…")` | its `stream` has the form of an existing publish/subscribe API |
///
/// A field takes `#[check(…)]` and serde's `rename`, `default`, `alias` and `skip_serializing_if`. `Post(PostBody)`, with a message
/// of named fields, takes that message's fields as parameters.
#[proc_macro_derive(Service, attributes(rpc, check, serde, schemars))]
pub fn derive_service(input: TokenStream) -> TokenStream {
    expand::service(input.into()).into()
}

/// Makes an enum a set of events that the server emits; a service names it: `#[rpc(events = ChatEvent)]`.
///
/// A variant takes `#[rpc(name = "…")]` (after the service's name) or `#[rpc(method = "…")]` (the whole method).
#[proc_macro_derive(Events, attributes(rpc, check, serde, schemars))]
pub fn derive_events(input: TokenStream) -> TokenStream {
    expand::events(input.into()).into()
}

/// Makes an enum a set of errors with a stable code each; a service or a call names it: `#[rpc(error = ChatError)]`.
///
/// A variant takes `#[rpc(code = 1001)]` (1 to 32000, required), `retryable`, `kind = "…"` (default: the variant's name in
/// `snake_case`) and `message = "…"` (default: the first sentence of its docs). Its fields cross the wire as
/// `data.details`. The enum also implements `Display` and, where it is `Debug`, `std::error::Error`.
#[proc_macro_derive(ServiceError, attributes(rpc, check, serde, schemars))]
pub fn derive_service_error(input: TokenStream) -> TokenStream {
    expand::service_error(input.into()).into()
}

/// Makes a type that derives `Serialize`, `Deserialize` and `JsonSchema` a message: fit to cross the wire.
///
/// `#[wirecall::message]` adds these derives too. Fields take `#[check(…)]`; names are serde's.
#[proc_macro_derive(Message, attributes(rpc, check))]
pub fn derive_message(input: TokenStream) -> TokenStream {
    expand::message(input.into()).into()
}

/// Makes a type a message with all that this takes: `Clone`, `Debug`, serde, JSON Schema and `Message`.
///
/// Derives that the type lists itself, below the attribute, are not added again. An enum whose variants carry something
/// becomes `{"type": "variant", …}` and a plain one a string, both in `snake_case`, unless serde's own options say
/// otherwise. A newtype is on the wire what it holds, and gets `From` its inner type; over a `String` also
/// `From<&str>`, `Display` and `AsRef<str>`.
///
/// # Checks
///
/// `#[check(…)]` on a field, of a message or of a call, holds the rules that its value must keep, also where it is an `Option`
/// that is there. Whatever breaks one is refused with `validation_error`, all failures at once.
///
/// | rule | meaning |
/// | --- | --- |
/// | `length(min = 1, max = 10)` | characters of a string, items of a list, members of a map; one of the two is enough |
/// | `range(min = 0, max = 10)` | a number, ends included; one of the two is enough |
/// | `pattern = "^[a-z]+$"` | a regular expression of the subset that Rust, ECMAScript and Python read alike; it is searched, so anchor it |
/// | `email`, `url` | an address, an absolute URL |
/// | `each(…)` | rules for every item of a list, every value of a map |
/// | `custom = path` | a function `fn(&T) -> Result<(), impl Display>` |
///
/// # Names and forms
///
/// These are serde's: `rename`, `rename_all`, `tag`, `content`, `untagged`, `flatten`, `default`, `skip` and others. What clients
/// could not follow is refused, with the cure. `with = "module"` needs `#[schemars(with = "Type")]`, which tells the form.
///
/// `#[wirecall::message(crate = "path")]` says where wirecall is; default `::wirecall`.
#[proc_macro_attribute]
pub fn message(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::message_attribute(options.into(), item.into()).into()
}

/// Expands to nothing. Stands in for `ts_rs::TS` where wirecall's feature `ts-rs` is off.
#[doc(hidden)]
#[proc_macro_derive(NoTs, attributes(ts))]
pub fn derive_no_ts(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
