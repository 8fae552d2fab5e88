use wirecall::Service;

#[derive(Service)]
enum Chat {
    Super,
}

fn main() {}
