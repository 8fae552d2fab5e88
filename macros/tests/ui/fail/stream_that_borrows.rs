use wirecall::Service;

#[derive(Service)]
enum Files {
    #[rpc(stream = &'static str)]
    Search { query: String },
}

fn main() {}
