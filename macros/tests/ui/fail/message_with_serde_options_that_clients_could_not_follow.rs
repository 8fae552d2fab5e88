#[wirecall::message]
enum Level {
    Low,
    #[serde(other)]
    Unknown,
}

#[wirecall::message]
struct Blob {
    #[serde(with = "hex")]
    bytes: Vec<u8>,
}

#[wirecall::message]
#[serde(into = "String")]
struct Address(u32);

#[wirecall::message]
enum Mixed {
    Named { a: u8 },
    #[serde(untagged)]
    Rest { b: u8 },
}

#[wirecall::message]
#[serde(remote = "std::time::Duration")]
struct Span {
    secs: u64,
}

fn main() {}
