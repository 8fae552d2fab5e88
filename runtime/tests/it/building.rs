//! Servers that cannot be built or started, and what they say to do.

use std::time::Duration;

use tokio::net::TcpListener;
use wirecall::server::{Error, Limits};
use wirecall::{Reply, Server, Service};

use crate::lab::{Bench, Lab, Ui, UiHandler};
use crate::support::soon;

struct Person;

impl UiHandler for Person {
    type Context = ();
    async fn confirm(&self, (): (), _: String) -> Reply<bool> {
        Ok(true)
    }
    async fn flash(&self, (): (), _: String) -> Reply<()> {
        Ok(())
    }
}

#[test]
fn a_method_mounted_twice_is_refused_by_name() {
    let error = Bench::default().server().service(Lab::serve(Bench::default())).build().expect_err("twice");
    assert!(matches!(&error, Error::DuplicateMethod { method } if method.starts_with("lab.")), "{error:?}");
    assert!(error.to_string().contains("#[rpc(name"), "{error}");
}

#[test]
fn a_service_that_clients_answer_is_refused() {
    let error = Server::builder().service(Ui::serve(Person)).build().expect_err("the client's");
    assert!(matches!(&error, Error::ClientSide { service } if service == Ui::NAME), "{error:?}");
    assert!(error.to_string().contains("#[rpc(peer"), "{error}");
}

#[test]
fn patterns_that_cannot_be_used_are_refused() {
    for patterns in [vec!["/{a}", "/{b}"], vec!["/rooms/{"], vec!["/same", "/same"]] {
        let builder = patterns.iter().fold(Server::builder(), |builder, pattern| builder.path(*pattern));
        let error = builder.build().expect_err("no such pattern");
        assert!(
            matches!(&error, Error::Path { pattern, .. } if pattern == patterns.last().expect("one")),
            "{error:?}"
        );
        assert!(error.to_string().contains("/rooms/{room}/chat"), "{error}");
    }
}

#[test]
fn limits_that_cannot_be_used_are_refused_by_name() {
    const SHORT: Duration = Duration::from_micros(999);
    const LONG: Duration = Duration::from_hours(24 * 3651);

    fn refused(change: fn(&mut Limits)) -> &'static str {
        let error = Bench::default().server_with(change).build().expect_err("no such limit");
        let Error::Limit { setting, .. } = error else { panic!("{error:?}") };
        assert!(error.to_string().contains(&format!("Limits::{setting}")), "{error}");
        setting
    }
    assert_eq!(refused(|limits| limits.hello_timeout = SHORT), "hello_timeout");
    assert_eq!(refused(|limits| limits.ping = Duration::ZERO), "ping");
    assert_eq!(refused(|limits| limits.heartbeat_timeout = SHORT), "heartbeat_timeout");
    assert_eq!(refused(|limits| limits.write_deadline = SHORT), "write_deadline");
    assert_eq!(refused(|limits| limits.hello_timeout = LONG), "hello_timeout");
    assert_eq!(refused(|limits| limits.ping = LONG), "ping");
    assert_eq!(refused(|limits| limits.heartbeat_timeout = Duration::MAX), "heartbeat_timeout");
    assert_eq!(refused(|limits| limits.write_deadline = LONG), "write_deadline");
    assert_eq!(refused(|limits| limits.ping = limits.heartbeat_timeout), "heartbeat_timeout");
    assert_eq!(refused(|limits| limits.session_ttl = Duration::MAX), "session_ttl");
    assert_eq!(refused(|limits| limits.drain = Duration::MAX), "drain");
    assert_eq!(refused(|limits| limits.max_message_bytes = 0), "max_message_bytes");
    assert_eq!(refused(|limits| limits.max_calls = 0), "max_calls");
    assert_eq!(refused(|limits| limits.max_connections = 0), "max_connections");
}

#[test]
fn no_time_at_all_to_wait_or_to_come_back_and_calls_without_a_limit_are_fine() {
    let change = |limits: &mut Limits| {
        (limits.session_ttl, limits.unproven_ttl) = (Duration::ZERO, Duration::ZERO);
        (limits.drain, limits.retry_within) = (Duration::ZERO, Duration::ZERO);
        limits.call_timeout = Duration::MAX;
    };
    assert!(Bench::default().server_with(change).build().is_ok());
    let change = |limits: &mut Limits| {
        (limits.unproven_ttl, limits.retry_within) = (Duration::MAX, Duration::MAX);
    };
    assert!(Bench::default().server_with(change).build().is_ok());
}

#[test]
fn a_service_is_described_by_its_contract() {
    let server = Bench::default().server().build().expect("the server builds");
    let names: Vec<&str> = server.contract().services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["lab"]);
    assert_eq!((Lab::NAME, <Lab as Service>::NAME), ("lab", "lab"));
}

#[tokio::test]
async fn a_port_in_use_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("an address");
    let server = Bench::default().server().build().expect("the server builds");
    let error = soon(server.serve(address)).await.expect_err("in use");
    let text = error.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("another program has this port"), "{text}");
    let text = soon(server.serve("192.0.2.1:0")).await.expect_err("not ours").to_string();
    assert!(text.contains("192.0.2.1:0") && text.contains("no such address"), "{text}");
    let text = soon(server.serve("no-such-host.invalid:80")).await.expect_err("no such name").to_string();
    assert!(text.contains("cannot listen on no-such-host.invalid:80"), "{text}");
}
