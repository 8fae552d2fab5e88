use wirecall::ServiceError;

#[derive(ServiceError)]
enum ChatError {
    #[rpc(code = 1)]
    NotFound,
    #[rpc(code = 2, kind = "cancelled")]
    Stopped,
}

fn main() {}
