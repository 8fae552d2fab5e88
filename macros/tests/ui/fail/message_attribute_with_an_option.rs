#[wirecall::message(rename = "text")]
struct Text(String);

fn main() {}
