use wirecall::Service;

#[derive(Service)]
enum Chat<T> {
    Post { text: T },
}

fn main() {}
