use wirecall::Service;

#[derive(Service)]
enum Node {
    #[rpc(stream = String, subscription(notification = "node_told", unsubscribe = "node_stop"))]
    Watch,
    #[rpc(method = "node_stop", returns = bool)]
    Stop { id: String },
}

fn main() {}
