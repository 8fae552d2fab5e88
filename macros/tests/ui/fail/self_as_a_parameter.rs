use wirecall::Service;

#[derive(Service)]
enum Chat {
    Nest { inner: Box<Self> },
}

fn main() {}
