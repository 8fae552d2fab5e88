use wirecall::Service;

#[derive(Service)]
#[rpc(name = "rpc", sid = "client")]
enum Chat {
    #[rpc(retruns = Vec<String>, timeout = "soon")]
    Post {
        #[check(length(min = 1))]
        count: u32,
    },
    #[rpc(serial = "room", stream = String)]
    Search { query: String },
}

fn main() {}
