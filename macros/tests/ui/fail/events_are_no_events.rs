use wirecall::Service;

struct Plain;

#[derive(Service)]
#[rpc(events = Plain)]
enum Chat {
    Post { text: String },
}

fn main() {}
