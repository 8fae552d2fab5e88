use wirecall::Service;

#[derive(Service)]
enum Chat {
    New { text: String },
}

fn main() {}
