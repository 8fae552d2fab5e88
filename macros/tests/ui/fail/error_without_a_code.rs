use wirecall::ServiceError;

#[derive(ServiceError)]
enum ChatError {
    #[rpc(code = 1001)]
    Muted,
    Banned,
}

fn main() {}
