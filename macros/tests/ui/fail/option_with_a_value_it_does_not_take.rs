use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(idempotent = true, returns = bool)]
    Post { text: String },
}

fn main() {}
