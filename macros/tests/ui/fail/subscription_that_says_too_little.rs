use wirecall::Service;

#[derive(Service)]
enum Node {
    #[rpc(stream = String, subscription)]
    First,
    #[rpc(stream = String, subscription(notification = "node_told"))]
    Second,
    #[rpc(stream = String, subscription(notification = "node_told", unsubscrbe = "node_stop"))]
    Third,
    #[rpc(stream = String, subscription(notification = "rpc.told", unsubscribe = ""))]
    Fourth,
    #[rpc(stream = String, subscription(notification = "a", notification = "b", unsubscribe = "c"))]
    Fifth,
}

fn main() {}
