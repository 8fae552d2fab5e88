use wirecall::Service;

struct Hit;

#[derive(Service)]
enum Files {
    #[rpc(stream = Hit)]
    Search { query: String },
    #[rpc(upload = std::time::Instant)]
    Store { name: String },
}

fn main() {}
