use wirecall::__private::{schemars, serde};

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "serde")]
struct Plain;

#[wirecall::message]
struct Holder {
    plain: Plain,
}

#[wirecall::message]
enum Either {
    One { plain: Option<Plain> },
    Two,
}

fn main() {}
