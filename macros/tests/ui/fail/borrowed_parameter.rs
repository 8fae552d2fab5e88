use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post { text: &'static str },
}

fn main() {}
