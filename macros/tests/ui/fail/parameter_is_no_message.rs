use wirecall::Service;

struct Plain;

#[derive(Service)]
enum Chat {
    Post { room: String, text: Plain, note: Option<std::time::Instant> },
}

fn main() {}
