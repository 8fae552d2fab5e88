use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(retruns = String)]
    Post { text: String },
}

fn main() {}
