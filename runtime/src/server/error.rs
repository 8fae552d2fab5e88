//! Why a server could not be built or started.

use std::io;

use crate::contract::ParseError;

/// Why a server could not be built or started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on. Choose another port, or stop the program that has it.
    #[error("cannot listen on {address}: {source}{}", bind_hint(.source))]
    Bind {
        /// What was asked for.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// The listener failed for good.
    #[error("the listener failed: {0}")]
    Listen(#[source] io::Error),
    /// Two mounted services have a method of the same name. Rename one with `#[rpc(name = …)]`.
    #[error(
        "the method `{method}` is mounted twice; give one service another name with #[rpc(name = \"…\")]"
    )]
    DuplicateMethod {
        /// The method on the wire.
        method: String,
    },
    /// A service that the client answers was mounted on the server. Name it in a service: `#[rpc(peer = …)]`.
    #[error(
        "the service `{service}` has side = \"client\": clients answer it; name it with #[rpc(peer = …)] in the service that the server answers"
    )]
    ClientSide {
        /// The service on the wire.
        service: String,
    },
    /// A text that was given to [`released`](super::ServerBuilder::released) is no contract. Print one with
    /// `wirecall contract`.
    #[error("a released contract cannot be read: {0}; print one with `wirecall contract`")]
    Released(#[source] ParseError),
    /// A released contract describes a service that this server does not have. Mount the service, or print the
    /// contract without it.
    #[error(
        "a released contract has the service `{service}`, and the server does not: mount it, or print a contract without it with `wirecall contract --service …`"
    )]
    ReleasedService {
        /// The service on the wire.
        service: String,
    },
    /// A path pattern cannot be read, or two of them match the same paths.
    #[error("the path pattern `{pattern}` cannot be used: {reason}; write it like `/rooms/{{room}}/chat`")]
    Path {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A limit cannot be used.
    #[error("`Limits::{setting}` cannot be used: it has to be {expected}")]
    Limit {
        /// The field of [`Limits`](super::Limits).
        setting: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
}

fn bind_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program has this port: stop it, or choose another (port 0 takes a free one)"
        }
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need a privilege: choose another, or put a proxy before it"
        }
        io::ErrorKind::AddrNotAvailable => {
            "; this machine has no such address: 127.0.0.1 is only for itself, 0.0.0.0 is for all"
        }
        _ => "",
    }
}
