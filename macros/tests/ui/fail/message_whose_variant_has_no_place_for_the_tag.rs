#[wirecall::message]
enum Content {
    Text(String),
    Image { url: String },
}

fn main() {}
