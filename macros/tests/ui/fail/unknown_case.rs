use wirecall::Service;

#[derive(Service)]
#[serde(rename_all = "camelcase")]
enum Chat {
    Post { text: String },
}

fn main() {}
