use wirecall::ServiceError;

struct Plain;

#[derive(ServiceError)]
enum ChatError {
    #[rpc(code = 1)]
    Muted { until: Plain },
}

fn main() {}
