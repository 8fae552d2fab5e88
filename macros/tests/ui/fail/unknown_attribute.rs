use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rcp(returns = String)]
    Post { text: String },
}

fn main() {}
