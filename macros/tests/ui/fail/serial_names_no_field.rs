use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(serial = "rom")]
    Post { room: String, text: String },
    #[rpc(serial = "room")]
    Ping,
}

fn main() {}
