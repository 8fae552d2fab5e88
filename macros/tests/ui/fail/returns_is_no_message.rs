use wirecall::Service;

struct Plain;

#[derive(Service)]
enum Chat {
    #[rpc(returns = Plain)]
    Post { text: String },
}

fn main() {}
