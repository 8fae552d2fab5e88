#[wirecall::message]
enum Event {
    Joined { r#type: String },
}

fn main() {}
