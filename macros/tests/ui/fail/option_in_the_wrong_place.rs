use wirecall::{Service, ServiceError};

#[derive(Service)]
#[rpc(idempotent)]
enum Chat {
    #[rpc(code = 1001)]
    Post { text: String },
    #[rpc(events = String)]
    Ping,
}

#[derive(ServiceError)]
enum ChatError {
    #[rpc(code = 1, timeout = "5s")]
    Muted,
}

fn main() {}
