use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(returns = String, returns = bool)]
    Post { text: String },
}

fn main() {}
