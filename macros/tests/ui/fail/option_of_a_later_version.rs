use wirecall::Service;

#[derive(Service)]
#[rpc(channels = Channel)]
enum Chat {
    #[rpc(require = "admin")]
    Ban { user: String },
}

fn main() {}
