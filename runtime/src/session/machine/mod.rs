//! Both ends of a session as pure machines, put together of the same pieces as the running ends: messages, time and what the
//! application wants go in; messages, and what is to be told, come out.
//!
//! The conformance vectors and the simulation play these. They decide nothing that the pieces decide: numbering and acks
//! are [`super::replay`]'s, who may resume is [`super::store`]'s, what becomes of a client's calls [`super::recovery`]'s and
//! [`super::outgoing`]'s, which calls run [`super::calls`]'s, credit [`super::streams`]'s, life [`super::heartbeat`]'s.

mod app;
mod client;
mod clock;
mod half;
mod making;
mod message;
mod server;
mod serving;
#[cfg(test)]
mod simulation;
mod tell;
mod welcome;

pub(crate) use client::{ClientMachine, ClientSettings};
pub(crate) use half::{Limits, World};
pub(crate) use making::{Ask, Demand};
pub(crate) use message::{Arrival, Incoming, Leaving, Message, Meta, Outcome, kind_of};
pub(crate) use server::{Refused, ServerMachine, ServerSettings, User};
pub(crate) use serving::Spec;
pub(crate) use tell::{Ended, Handle, Hook, Tell};
