use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post {
        #[rpc(name = "message")]
        text: String,
    },
}

fn main() {}
