//! A service may have events only, and a set may wait for its first member.
#![deny(warnings)]

use wirecall::{Events, Service, ServiceError};

#[derive(Service)]
#[rpc(error = Failure, events = News)]
pub enum Feed {}

#[derive(ServiceError)]
pub enum Failure {}

#[derive(Events)]
pub enum News {}

struct App;

impl FeedHandler for App {
    type Context = ();
}

pub(crate) fn main() {
    let _mounted = Feed::serve(App);
    let service = &Feed::contract().services[0];
    assert!(service.calls.is_empty());
    assert!(service.events.as_ref().is_some_and(|events| events.events.is_empty()));
}
