//! The service that clients of others are tried on: a call, a notification, a typed error, an event and a call back.

mod desk;

pub use desk::FrontDesk;

use wirecall::{Events, Service, ServiceError};

/// A desk that calculates, takes notes and asks back.
#[derive(Debug, Service)]
#[rpc(name = "desk", error = DeskError, events = DeskEvent, peer = Visitor)]
pub enum Desk {
    /// Subtracts a number from another one.
    #[rpc(returns = i64, idempotent)]
    Subtract {
        /// What is subtracted from.
        minuend: i64,
        /// What is subtracted.
        subtrahend: i64,
    },
    /// Divides a number by another one.
    #[rpc(returns = f64, idempotent)]
    Divide {
        /// What is divided.
        dividend: f64,
        /// What it is divided by; 2 where nothing else is said.
        divisor: Option<f64>,
    },
    /// Writes a line down.
    #[rpc(notification)]
    Note {
        /// The line.
        #[check(length(min = 1, max = 40))]
        line: String,
    },
    /// Answers as soon as the line was written down.
    #[rpc(returns = bool)]
    Noted {
        /// The line that is waited for.
        line: String,
    },
    /// Asks the caller the question, and answers what they answer.
    #[rpc(returns = bool)]
    AskBack {
        /// The question.
        question: String,
    },
    /// Tells everybody.
    Announce {
        /// What to tell.
        text: String,
    },
}

/// What can be wrong with a request.
#[derive(Debug, ServiceError)]
pub enum DeskError {
    /// Nothing can be divided by zero.
    #[rpc(code = 1001)]
    DivisionByZero {
        /// What was to be divided.
        dividend: f64,
    },
}

/// What the desk tells everybody.
#[derive(Debug, Events)]
pub enum DeskEvent {
    /// Somebody had it announced.
    Announced {
        /// What they said.
        text: String,
    },
}

/// What the desk asks those who come.
#[derive(Debug, Service)]
#[rpc(name = "visitor", side = "client")]
pub enum Visitor {
    /// Answers yes or no.
    #[rpc(returns = bool)]
    Confirm {
        /// The question.
        question: String,
    },
}
