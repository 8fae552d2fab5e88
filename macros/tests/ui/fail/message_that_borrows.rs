#[wirecall::message]
struct Name<'a>(&'a str);

#[wirecall::message]
struct Text {
    text: &'static str,
}

fn main() {}
