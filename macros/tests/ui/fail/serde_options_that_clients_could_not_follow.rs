use wirecall::{Events, Service, ServiceError};

#[derive(Service)]
#[serde(tag = "type", rename = "talk")]
enum Chat {
    #[serde(alias = "send")]
    Post {
        #[serde(flatten)]
        text: String,
        #[serde(skip)]
        cached: bool,
        #[serde(with = "hex")]
        bytes: Vec<u8>,
        #[serde(flaten)]
        odd: bool,
    },
}

#[derive(Events)]
#[serde(untagged)]
enum ChatEvent {
    Announcement { text: String },
}

#[derive(ServiceError)]
#[serde(rename_all = "camelCase")]
enum ChatError {
    #[rpc(code = 1)]
    #[serde(rename = "silenced")]
    Muted,
}

fn main() {}
