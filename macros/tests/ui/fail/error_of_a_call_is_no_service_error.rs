use wirecall::Service;

struct Plain;

#[derive(Service)]
enum Chat {
    #[rpc(error = Plain)]
    Post { text: String },
}

fn main() {}
