use wirecall::Service;

#[derive(Service)]
struct Chat {
    text: String,
}

fn main() {}
