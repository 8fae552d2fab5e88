use wirecall::Service;

#[derive(Service)]
#[rpc(name)]
enum Chat {
    #[rpc(returns)]
    Post { text: String },
    #[rpc(timeout)]
    Wait,
}

fn main() {}
