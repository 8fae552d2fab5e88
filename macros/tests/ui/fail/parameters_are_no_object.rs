use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post(Text),
    Send(Plain),
}

#[wirecall::message]
struct Text(String);

struct Plain;

fn main() {}
