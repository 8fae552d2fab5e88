use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(timeout = "5 minutes")]
    Post { text: String },
    #[rpc(timeout = "0s")]
    Send { text: String },
    #[rpc(timeout = 30)]
    Wait,
}

fn main() {}
