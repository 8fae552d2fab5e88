use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(notification, returns = String, idempotent, error = String)]
    Typing { room: String },
}

fn main() {}
