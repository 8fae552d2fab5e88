#[wirecall::message]
struct Nothing;

fn main() {}
