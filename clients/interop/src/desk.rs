//! The desk's handlers.

use std::collections::VecDeque;

use tokio::sync::watch;
use wirecall::{Internal, Reply, Session};

use crate::{DeskError, DeskEvent, DeskHandler, VisitorClient};

/// As many lines as are remembered.
const MOST_LINES: usize = 256;

/// The desk, with the lines that were written down.
#[derive(Debug, Default)]
pub struct FrontDesk {
    lines: watch::Sender<VecDeque<String>>,
}

impl DeskHandler for FrontDesk {
    type Context = Session;

    async fn subtract(&self, _: Session, minuend: i64, subtrahend: i64) -> Reply<i64, DeskError> {
        Ok(minuend.checked_sub(subtrahend).internal()?)
    }

    async fn divide(&self, _: Session, dividend: f64, divisor: Option<f64>) -> Reply<f64, DeskError> {
        let divisor = divisor.unwrap_or(2.0);
        if divisor == 0.0 {
            return Err(DeskError::DivisionByZero { dividend }.into());
        }
        Ok(dividend / divisor)
    }

    async fn note(&self, _: Session, line: String) -> Reply<(), DeskError> {
        self.lines.send_modify(|lines| {
            lines.truncate(MOST_LINES - 1);
            lines.push_front(line);
        });
        Ok(())
    }

    async fn noted(&self, _: Session, line: String) -> Reply<bool, DeskError> {
        self.lines.subscribe().wait_for(|lines| lines.contains(&line)).await.internal()?;
        Ok(true)
    }

    async fn ask_back(&self, session: Session, question: String) -> Reply<bool, DeskError> {
        Ok(session.peer::<VisitorClient>().confirm(question).await.internal()?)
    }

    async fn announce(&self, session: Session, text: String) -> Reply<(), DeskError> {
        session.server().broadcast(DeskEvent::Announced { text }).internal()?;
        Ok(())
    }
}
