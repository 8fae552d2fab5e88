use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post {
        text: String,
        #[serde(rename = "text")]
        body: String,
    },
}

fn main() {}
