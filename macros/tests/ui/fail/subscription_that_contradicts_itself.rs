use wirecall::Service;

#[derive(Service)]
enum Node {
    #[rpc(subscription(notification = "node_told", unsubscribe = "node_stop"))]
    Without,
    #[rpc(stream = String, upload = String, returns = u8, subscription(notification = "node_told", unsubscribe = "node_stop"))]
    Both,
}

fn main() {}
