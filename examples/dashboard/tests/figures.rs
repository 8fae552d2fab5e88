//! The dashboard as a page sees it, over a real socket.

use std::time::Duration;

use dashboard::{DashboardClient, DashboardEvent};
use tokio::net::TcpListener;

async fn page() -> (wirecall::Client, DashboardClient) {
    let server = dashboard::server(Duration::from_millis(20)).expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}/ws", listener.local_addr().expect("an address"));
    tokio::spawn(async move { server.serve_listener(listener).await });
    let client = wirecall::connect(url).await.expect("a connection");
    let dashboard = DashboardClient::new(&client);
    (client, dashboard)
}

#[tokio::test]
async fn an_open_page_hears_new_figures_without_asking() {
    let (_client, dashboard) = page().await;
    let mut events = dashboard.events();
    let figures = loop {
        // Those of before this page was there may still be on their way.
        match events.next().await {
            Some(DashboardEvent::Figures(figures)) if figures.sessions == 1 => break figures,
            Some(_) => {}
            None => panic!("the connection is closed"),
        }
    };
    assert_eq!(figures.users, 0);
    let now = dashboard.now().await.expect("figures");
    assert!(now.at >= figures.at, "{now:?} is older than {figures:?}");
}

#[tokio::test]
async fn more_calls_than_the_threshold_alert_every_page() {
    let (_client, dashboard) = page().await;
    let mut events = dashboard.events();
    dashboard.alert_above(1).await.expect("set");
    let (threshold, calls_per_second) = loop {
        match events.next().await {
            Some(DashboardEvent::Alert { threshold, calls_per_second }) => {
                break (threshold, calls_per_second);
            }
            // At least one call falls into the next period.
            Some(DashboardEvent::Figures(_)) => drop(dashboard.now().await),
            None => panic!("the connection is closed"),
        }
    };
    assert_eq!(threshold, 1);
    assert!(calls_per_second > 1.0);
}
