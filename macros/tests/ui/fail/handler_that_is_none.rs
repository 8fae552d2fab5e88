use wirecall::Service;

#[derive(Service)]
enum Chat {
    #[rpc(returns = String)]
    Post { text: String },
}

struct App;

fn main() {
    let _mounted = Chat::serve(App);
}
