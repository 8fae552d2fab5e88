use wirecall::Service;

#[wirecall::message]
struct Celsius(f64);

#[derive(Service)]
enum Weather {
    Report {
        #[check(length(max = 3))]
        temperature: Celsius,
    },
}

fn main() {}
