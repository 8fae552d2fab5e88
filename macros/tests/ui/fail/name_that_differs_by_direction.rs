use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post {
        #[serde(rename(serialize = "out", deserialize = "in"))]
        text: String,
    },
}

fn main() {}
