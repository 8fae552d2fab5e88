use wirecall::Service;

#[derive(Service)]
#[rpc(namespace = "chat")]
enum Chat {
    #[rpc(colour = "red", idempotent)]
    Post { text: String },
}

fn main() {}
