use wirecall::Events;

struct Plain;

#[derive(Events)]
enum ChatEvent {
    Announcement { text: Plain },
}

fn main() {}
