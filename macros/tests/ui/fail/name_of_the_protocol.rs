use wirecall::{Events, Service};

#[derive(Service)]
#[rpc(name = "rpc")]
enum Chat {
    #[rpc(method = "rpc.hello")]
    Hello,
}

#[derive(Service)]
enum Rpc {
    Hello,
}

#[derive(Events)]
enum ChatEvent {
    #[rpc(method = "rpc.close")]
    Close,
}

fn main() {}
