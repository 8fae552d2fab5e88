use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(name = "send", method = "chat_send")]
    Post { text: String },
}

fn main() {}
