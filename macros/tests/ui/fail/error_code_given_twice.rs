use wirecall::ServiceError;

#[derive(ServiceError)]
enum ChatError {
    #[rpc(code = 1001)]
    Muted,
    #[rpc(code = 1001)]
    Banned,
}

fn main() {}
