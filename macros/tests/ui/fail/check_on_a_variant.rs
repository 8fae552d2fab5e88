use wirecall::Service;

#[derive(Service)]
#[check(email)]
enum Chat {
    #[check(email)]
    Post { address: String },
}

fn main() {}
