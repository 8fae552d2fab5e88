use wirecall::Service;

#[derive(Service)]
#[rpc(name = "my.chat")]
enum Chat {
    #[rpc(name = "chat.post")]
    Post { text: String },
    #[rpc(name = "two words")]
    Send { text: String },
}

fn main() {}
