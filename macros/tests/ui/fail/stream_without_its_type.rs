use wirecall::Service;

#[derive(Service)]
enum Files {
    #[rpc(stream)]
    Search { query: String },
    #[rpc(upload = "Chunk")]
    Store { name: String },
}

fn main() {}
