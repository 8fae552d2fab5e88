//! Builds a server from services, who may call, hooks and limits.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use super::auth::Authenticate;
use super::error::Error;
use super::handle::ServerHandle;
use super::origin::OriginPolicy;
use super::session::Session;
use super::shared::{Hooks, Shared, SharedParts, States};
use super::verdict::Verdicts;
use super::{Limits, Server};
use crate::contract::Side;
use crate::service::{ContractSource, Environment, ErrorHook, Incident, Layer, MethodTable, Mounted};
use crate::session::Disconnect;

/// Collects what a server is made of. Made by [`Server::builder`].
#[derive(Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ServerBuilder {
    handle: ServerHandle,
    services: Vec<Mounted>,
    limits: Limits,
    layers: Vec<Box<dyn Layer>>,
    on_error: Vec<ErrorHook>,
    hooks: Hooks,
    states: States,
    authenticate: Option<Box<dyn Authenticate>>,
    origin: OriginPolicy,
    expose_contract: bool,
    paths: Vec<String>,
    released: Vec<String>,
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder").field("services", &self.services).finish_non_exhaustive()
    }
}

impl ServerBuilder {
    /// A handle on the server that will be built, for handlers to own. Until then it reaches nobody.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Mounts a service with its handler: `.service(Chat::serve(app))`.
    pub fn service(mut self, service: Mounted) -> Self {
        self.services.push(service);
        self
    }

    /// Decides who is calling: an async closure over the upgrade request and the token. Without it everybody is let
    /// in as nobody. See [`Authenticate`].
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.authenticate = Some(Box::new(authenticate));
        self
    }

    /// Surrounds every call with `layer`. The layer that is added first is the outermost. See [`Layer`].
    pub fn layer(mut self, layer: impl Layer) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// Adds a value that handlers get with the extractor [`State<T>`](super::State).
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(TypeId::of::<T>(), Arc::new(state));
        self
    }

    /// Sets the bounds and times.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds a path that clients may connect to, such as `/rooms/{room}/chat`. Without any, `/` and `/ws`. Only for
    /// `serve`; under [`Server::route`] the router decides, and patterns name the parameters.
    pub fn path(mut self, pattern: impl Into<String>) -> Self {
        self.paths.push(pattern.into());
        self
    }

    /// Lets web pages of these origins connect, such as `https://app.example.org`, beside those of the same host and
    /// port. Programs that are no browsers send no origin and pass.
    pub fn allow_origins<O: Into<String>>(mut self, origins: impl IntoIterator<Item = O>) -> Self {
        let mut list = match self.origin {
            OriginPolicy::List(list) => list,
            _ => Vec::new(),
        };
        list.extend(origins.into_iter().map(Into::into));
        self.origin = OriginPolicy::List(list);
        self
    }

    /// Lets web pages of all origins connect. Only for servers that know nobody by a cookie.
    pub fn allow_any_origin(mut self) -> Self {
        self.origin = OriginPolicy::Any;
        self
    }

    /// Answers `rpc.contract` with the contract, so that `wirecall generate --url` works. Off by default, since it
    /// tells everybody every method.
    pub fn expose_contract(mut self) -> Self {
        self.expose_contract = true;
        self
    }

    /// Tells of a contract that clients were generated from before, as `wirecall contract` printed it:
    /// `.released(include_str!("../contracts/chat/4f0c….json"))`. May be called for each of them.
    ///
    /// Clients of a contract that the server can still serve are answered `compatible` in hello. Those of one that it
    /// cannot are `incompatible`, and their calls to that service fail with an error that says so; see
    /// [`compare`](crate::contract::compatibility::compare) for what makes the difference. A contract that the server
    /// was not told of is `unknown`, and served.
    pub fn released(mut self, contract: impl Into<String>) -> Self {
        self.released.push(contract.into());
        self
    }

    /// Runs `hook` when a session was opened, before its client knows. It must not block.
    pub fn on_open(mut self, hook: impl Fn(&Session) + Send + Sync + 'static) -> Self {
        self.hooks.open.push(Box::new(hook));
        self
    }

    /// Runs `hook` when a session's connection is lost and the session waits for its client. It must not block.
    ///
    /// A session is opened, suspended and resumed any number of times, and ends, each told exactly once and in that
    /// order. A plain peer's is never suspended.
    pub fn on_suspend(mut self, hook: impl Fn(&Session, &Disconnect) + Send + Sync + 'static) -> Self {
        self.hooks.suspend.push(Box::new(hook));
        self
    }

    /// Runs `hook` when a suspended session's client is back, before the client knows. It must not block.
    pub fn on_resume(mut self, hook: impl Fn(&Session) + Send + Sync + 'static) -> Self {
        self.hooks.resume.push(Box::new(hook));
        self
    }

    /// Sets how long a session waits for its client to come back: [`Limits::session_ttl`].
    pub fn session_ttl(mut self, ttl: Duration) -> Self {
        self.limits.session_ttl = ttl;
        self
    }

    /// Runs `hook` when a session has ended. It must not block.
    pub fn on_close(mut self, hook: impl Fn(&Session, &Disconnect) + Send + Sync + 'static) -> Self {
        self.hooks.close.push(Box::new(hook));
        self
    }

    /// Runs `hook` with the round-trip time of every ping that a pong answers. It must not block.
    pub fn on_heartbeat(mut self, hook: impl Fn(&Session, Duration) + Send + Sync + 'static) -> Self {
        self.hooks.heartbeat.push(Box::new(hook));
        self
    }

    /// Runs `hook` for every unexpected failure and panic of a handler, with its cause. It must not block.
    pub fn on_error(mut self, hook: impl Fn(&Incident<'_>) + Send + Sync + 'static) -> Self {
        self.on_error.push(Box::new(hook));
        self
    }

    /// Builds the server.
    ///
    /// # Errors
    ///
    /// Where two services have a method of the same name, a service of the client's side is mounted, or a path
    /// pattern or a limit cannot be used; where a released contract cannot be read, or has a service that is not mounted.
    pub fn build(self) -> Result<Server, Error> {
        self.limits.check().map_err(|(setting, expected)| Error::Limit { setting, expected })?;
        let mut methods = MethodTable::default();
        let mut sources: Vec<ContractSource> = Vec::new();
        for service in &self.services {
            if service.source.side == Side::Client {
                return Err(Error::ClientSide { service: service.source.name.to_owned() });
            }
            methods.mount(service).map_err(|method| Error::DuplicateMethod { method: method.to_owned() })?;
            sources.push(service.source);
        }
        let contract = ContractSource::contract(&sources);
        let names = sources.iter().map(|source| source.name);
        let verdicts = Verdicts::new(names, &contract, &self.released)?;
        let shared = Arc::new(Shared::new(SharedParts {
            limits: self.limits,
            environment: Environment {
                layers: self.layers.into(),
                on_error: self.on_error,
                default_timeout: self.limits.call_timeout,
            },
            methods,
            authenticate: self.authenticate,
            origin: self.origin,
            hooks: self.hooks,
            states: self.states,
            contract,
            verdicts,
            expose_contract: self.expose_contract,
            paths: router(&self.paths)?,
            told: self.handle.told(),
        }));
        self.handle.bind(&shared);
        Ok(Server { shared, handle: self.handle })
    }
}

fn router(patterns: &[String]) -> Result<matchit::Router<()>, Error> {
    let mut router = matchit::Router::new();
    let default = ["/".to_owned(), "/ws".to_owned()];
    for pattern in if patterns.is_empty() { &default } else { patterns } {
        router
            .insert(pattern.as_str(), ())
            .map_err(|error| Error::Path { pattern: pattern.clone(), reason: error.to_string() })?;
    }
    Ok(router)
}
