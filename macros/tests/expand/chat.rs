/// Chat rooms with history.
#[derive(Service)]
#[rpc(name = "chat", error = ChatError, events = ChatEvent, peer = Ui)]
pub enum Chat {
    /// Posts a message to a room and returns it as stored.
    #[rpc(returns = Message, no_cancel)]
    Post {
        room: RoomId,
        #[check(length(min = 1, max = 2000))]
        text: String,
    },
    #[rpc(notification)]
    Typing { room: RoomId },
}
