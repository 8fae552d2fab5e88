use wirecall::Service;

struct Plain;

#[derive(Service)]
#[rpc(error = Plain)]
enum Chat {
    Post { text: String },
    Ping,
}

fn main() {}
