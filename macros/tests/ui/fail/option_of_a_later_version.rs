use wirecall::Service;

#[derive(Service)]
#[rpc(channels = Channel)]
enum Chat {
    #[rpc(stream = String, returns = String)]
    Search { query: String },
    #[rpc(require = "admin")]
    Ban { user: String },
}

fn main() {}
