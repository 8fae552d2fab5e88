/// What the server tells.
#[derive(Events)]
pub enum ChatEvent {
    /// A notice from the operators.
    Announcement { text: String },
    #[rpc(name = "joined")]
    UserJoined(User),
    #[rpc(method = "eth_subscription")]
    Subscription { result: Option<Header> },
    Reload,
}
