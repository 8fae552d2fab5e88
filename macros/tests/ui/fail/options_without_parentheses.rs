use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc = "notification"]
    Post { text: String },
}

fn main() {}
