use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(returns = "String")]
    Post { text: String },
}

fn main() {}
