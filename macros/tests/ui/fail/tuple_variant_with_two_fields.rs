use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post(String, String),
}

fn main() {}
