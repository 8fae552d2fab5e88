/// A message as stored.
#[wirecall::message]
pub struct Stored {
    pub id: u64,
    #[check(length(max = 20))]
    pub title: Option<String>,
    #[serde(flatten)]
    pub extra: Extra,
    #[serde(skip)]
    pub cached: bool,
}

#[wirecall::message]
#[derive(PartialEq, Clone)]
pub struct RoomId(#[check(pattern = "^[a-z]+$")] String);

#[wirecall::message]
pub enum Color {
    DarkRed,
    Green,
}

#[wirecall::message]
pub enum Shape {
    Circle { radius: f64 },
    Group(Children),
    Nothing,
}

#[derive(Serialize, Deserialize, JsonSchema, Message)]
#[serde(tag = "t", content = "c", rename_all_fields = "camelCase")]
pub enum Adjacent<T> {
    One {
        #[check(email)]
        mail_address: String,
    },
    Many(Vec<T>),
}

#[derive(Serialize, Deserialize, JsonSchema, Message)]
#[serde(into = "String", try_from = "String")]
pub struct Address([u8; 20]);
