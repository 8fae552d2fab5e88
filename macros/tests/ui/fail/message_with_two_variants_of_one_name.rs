#[wirecall::message]
enum Color {
    Red,
    #[serde(rename = "red")]
    Crimson,
}

fn main() {}
