use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(notification, stream = String)]
    Typing { room: String },
    #[rpc(notification, upload = String)]
    Store { room: String },
}

fn main() {}
