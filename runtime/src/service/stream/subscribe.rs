//! The publish/subscribe form of a stream: the call is answered with an id, items carry it, another call ends it.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use super::outgoing::Wire;
use crate::codec::{Raw, result_frame};
use crate::service::layer::Answer;
use crate::service::open::Held;
use crate::service::traits::ServiceError;
use crate::service::{Endpoint, Reply};
use crate::session::Cancelled;
use crate::types::Message;

/// 128 random bits, as existing clients want their ids: `0x` and hexadecimal digits.
pub(super) fn name() -> String {
    let mut bytes = [0; 16];
    // Without a source of randomness it names no other session's subscription either.
    let _: Result<(), _> = getrandom::fill(&mut bytes);
    format!("{:#034x}", u128::from_be_bytes(bytes))
}

impl Wire {
    /// Runs the handler of a subscription. It is answered with its id as soon as the handler waits, or with an error where
    /// the handler refused at once; nothing leaves before that.
    pub(super) async fn subscribed<R, E>(&self, handling: impl Future<Output = Reply<R, E>>) -> Answer
    where
        R: Message,
        E: ServiceError,
    {
        let mut handling = std::pin::pin!(handling);
        let first = std::future::poll_fn(|cx| Poll::Ready(handling.as_mut().poll(cx))).await;
        match first {
            Poll::Ready(Err(refused)) => return self.call.conclude::<R, E>(Err(refused)),
            Poll::Ready(Ok(_)) => return self.accepted(),
            Poll::Pending => {}
        }
        self.accept().await;
        self.flow.let_go();
        // It was answered: its end has nobody to be told to.
        self.call.conclude::<R, E>(handling.await)
    }

    /// Answers with the subscription's id, unless the call was answered before.
    async fn accept(&self) {
        let Some((key, sink)) = self.flow.place() else { return };
        if !self.endpoint.calls().answer(*key) {
            return;
        }
        let answer = self.accepted().into_frame(|error| self.endpoint.error_frame(&self.id, error));
        if let Some(frame) = sink.frame(self.call.codec, answer) {
            self.endpoint.leave_aside(frame, sink).await;
        }
    }

    fn accepted(&self) -> Answer {
        let name = self.flow.subscription.as_deref().unwrap_or_default();
        match result_frame(self.call.codec, &self.id, name) {
            Ok(frame) => Answer::result(frame),
            Err(error) => Answer::from(self.call.environment.incident(self.call.method(), &error)),
        }
    }
}

impl Endpoint {
    /// Ends the subscription that is the one parameter, by position or by name; `false` where there is none.
    pub(in crate::service) fn unsubscribe(self: &Arc<Self>, params: Raw<'_>) -> bool {
        let given: Vec<String> = params.read().or_else(|_| by_name(params)).unwrap_or_default();
        let Some(name) = given.first() else { return false };
        let mut calls = self.calls();
        let named = |held: &Held| held.flow.as_ref().and_then(|flow| flow.subscription.clone());
        let key = calls.all().find_map(|(key, held)| (named(held).as_deref() == Some(name)).then_some(key));
        let Some(key) = key else { return false };
        match calls.stop(key) {
            Cancelled::Nothing => return false,
            Cancelled::Stop(held, next) => {
                Held::start(&mut calls, &next);
                self.tell_idle(calls);
                held.map(|held| held.stop(self));
            }
            Cancelled::RunsOn(key) => {
                let flow = calls.held(key).and_then(|held| held.flow.as_ref().map(Arc::clone));
                drop(calls);
                if let Some(flow) = flow {
                    flow.close();
                }
            }
        }
        true
    }
}

fn by_name(params: Raw<'_>) -> Result<Vec<String>, crate::codec::CodecError> {
    let members: std::collections::BTreeMap<String, String> = params.read()?;
    Ok(members.into_values().collect())
}
