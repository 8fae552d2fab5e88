use wirecall::Service;

#[derive(Service)]
enum Chat<'a> {
    Post { text: &'a str },
}

fn main() {}
