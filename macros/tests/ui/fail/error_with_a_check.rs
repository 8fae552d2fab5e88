use wirecall::ServiceError;

#[derive(ServiceError)]
enum ChatError {
    #[rpc(code = 1)]
    Muted {
        #[check(length(min = 1))]
        reason: String,
    },
}

fn main() {}
