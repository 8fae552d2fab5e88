use wirecall::ServiceError;

#[derive(ServiceError)]
enum ChatError {
    #[rpc(code = 1)]
    Muted,
    #[rpc(code = 2, kind = "muted")]
    Banned,
    #[rpc(code = 3, kind = "not a kind")]
    Odd,
}

fn main() {}
