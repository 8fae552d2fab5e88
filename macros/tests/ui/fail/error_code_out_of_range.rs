use wirecall::ServiceError;

#[derive(ServiceError)]
enum ChatError {
    #[rpc(code = 0)]
    Zero,
    #[rpc(code = -32001)]
    Negative,
    #[rpc(code = 32001)]
    Large,
    #[rpc(code = "1")]
    Text,
}

fn main() {}
