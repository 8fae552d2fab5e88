use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post { text: String },
    #[rpc(name = "post")]
    Send { text: String },
    #[rpc(method = "chat.post")]
    Write { text: String },
}

fn main() {}
