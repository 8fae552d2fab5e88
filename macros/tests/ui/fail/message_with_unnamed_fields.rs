#[wirecall::message]
struct Point(f64, f64);

#[wirecall::message]
enum Shape {
    Line(f64, f64),
}

fn main() {}
