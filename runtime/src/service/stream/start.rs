//! From the arrival of a call that streams to the future of its handler.

use std::future::Future;
use std::sync::Arc;

use super::flow::Flow;
use super::kept::Kept;
use super::outgoing::Wire;
use super::{Incoming, Outgoing};
use crate::check::Violation;
use crate::codec::Fault;
use crate::service::endpoint::Arrival;
use crate::service::layer::Answer;
use crate::service::method::{Lane, Refused, Started, lane_of, prepare};
use crate::service::traits::ServiceError;
use crate::service::{CallContext, Extract, Reply};
use crate::types::{Message, Params};

/// Reads the parameters and boxes the handler's future, with the streams of the call. Called by what `#[derive(Service)]`
/// writes.
///
/// # Errors
///
/// Where the message or its parameters do not fit.
#[expect(clippy::needless_pass_by_value, reason = "the macro hands on what it was given")]
pub fn start_stream<H, C, P, R, E, U, T, F, Fut>(
    handler: &Arc<H>,
    arrival: Arrival<'_, '_>,
    lane: Option<fn(&P) -> Lane>,
    run: F,
) -> Result<Started, Refused>
where
    H: Send + Sync + 'static,
    C: Extract,
    P: Params,
    R: Message,
    E: ServiceError,
    U: Message,
    T: Message,
    F: FnOnce(Arc<H>, C, P, Incoming<U>, Outgoing<T>) -> Fut + Send + 'static,
    Fut: Future<Output = Reply<R, E>> + Send + 'static,
{
    let params = arrival.input.decode::<P>().map_err(Refused)?;
    let call = arrival.context();
    let lane = lane_of(&call, &params, lane);
    let Some(id) = call.id.clone() else {
        let message = "it streams: a call of it needs an id".to_owned();
        return Err(Refused(Fault::Params(vec![Violation {
            path: String::new(),
            rule: "required",
            message,
        }])));
    };
    let flow = Arc::new(flow_of(&call, Arc::clone(&arrival.endpoint.kept)));
    let wire =
        Wire { endpoint: Arc::clone(arrival.endpoint), flow: Arc::clone(&flow), call: call.clone(), id };
    let wire = Arc::new(wire);
    let handler = Arc::clone(handler);
    let layers = arrival.layers();
    let answered = {
        let call = call.clone();
        async move {
            let context = match C::extract(&call).await {
                Ok(context) => context,
                Err(refused) => return call.conclude::<R, E>(Err(refused.into())),
            };
            let (incoming, outgoing) = (Incoming::new(Arc::clone(&wire)), Outgoing::new(Arc::clone(&wire)));
            let handling = run(handler, context, params, incoming, outgoing);
            if wire.flow.subscription.is_some() {
                return wire.subscribed(handling).await;
            }
            let said = handling.await;
            match wire.flow.unfit() {
                // A handler that does not mind it would take a part of the upload for all of it.
                Some(unfit) if said.is_ok() => Answer::from(unfit),
                _ => call.conclude::<R, E>(said),
            }
        }
    };
    let mut started = prepare(call, layers, lane, answered);
    started.flow = Some(flow);
    Ok(started)
}

/// *A stream may be declared in the form that existing publish/subscribe clients know*: a caller that opens with credit
/// knows streams, and gets one.
fn flow_of(call: &CallContext, kept: Arc<Kept>) -> Flow {
    if call.spec.subscription.is_some() && call.meta.credit.is_none() {
        return Flow::subscription(super::subscribe::name().into(), kept);
    }
    Flow::new(call.meta.credit, call.spec.upload, kept)
}
