use wirecall::Service;

struct Plain;

#[derive(Service)]
#[rpc(peer = Plain)]
enum Chat {
    Post { text: String },
}

fn main() {}
