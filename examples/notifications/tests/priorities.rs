//! Notifications as listeners get them, over a real socket.

use std::time::Duration;

use notifications::{NotificationError, NotificationEvent, NotificationsClient, Priority};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use wirecall::{CallError, Client, EventStream};

/// A server that repeats urgent news after `period`, and the way to tell it news.
async fn serve(period: Duration) -> (String, mpsc::Sender<(Priority, String)>) {
    let (report, news) = mpsc::channel(16);
    let server = notifications::server(news, period).expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}/ws", listener.local_addr().expect("an address"));
    tokio::spawn(async move { server.serve_listener(listener).await });
    (url, report)
}

struct Listener {
    _client: Client,
    notifications: NotificationsClient,
    events: EventStream<NotificationEvent>,
}

impl Listener {
    async fn new(url: &str, minimum: Priority) -> Self {
        let client = wirecall::connect(url).await.expect("a connection");
        let notifications = NotificationsClient::new(&client);
        let events = notifications.events();
        notifications.listen(minimum).await.expect("listening");
        Self { _client: client, notifications, events }
    }

    async fn text(&mut self) -> String {
        match self.events.next().await {
            Some(NotificationEvent::Notified(notification)) => notification.text,
            other => format!("{other:?}"),
        }
    }
}

const NEVER: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn each_notification_goes_to_those_who_asked_for_its_priority() {
    let (url, report) = serve(NEVER).await;
    let mut all = Listener::new(&url, Priority::Low).await;
    let mut few = Listener::new(&url, Priority::High).await;
    for (priority, text) in [(Priority::Low, "low"), (Priority::Normal, "normal"), (Priority::High, "high")] {
        report.send((priority, text.to_owned())).await.expect("the server listens");
    }
    assert_eq!([all.text().await, all.text().await, all.text().await], ["low", "normal", "high"]);
    assert_eq!(few.text().await, "high");
}

#[tokio::test]
async fn an_urgent_one_comes_again_until_it_is_acknowledged() {
    let (url, report) = serve(Duration::from_millis(20)).await;
    let mut listener = Listener::new(&url, Priority::Urgent).await;
    report.send((Priority::Urgent, "fire".to_owned())).await.expect("the server listens");
    assert_eq!(listener.text().await, "fire");
    assert_eq!(listener.text().await, "fire");
    let open = listener.notifications.listen(Priority::Urgent).await.expect("listening");
    let id = open.first().expect("it is open").id;
    listener.notifications.acknowledge(id).await.expect("acknowledged");
    match listener.notifications.acknowledge(id).await {
        Err(CallError::Service(NotificationError::NotOpen { id: refused })) => assert_eq!(refused, id),
        other => panic!("acknowledged twice: {other:?}"),
    }
}
