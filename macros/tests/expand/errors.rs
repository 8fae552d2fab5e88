#[derive(ServiceError)]
pub enum ChatError {
    /// The room does not exist, or the caller is not in it. Ask for an invitation.
    #[rpc(code = 1001)]
    RoomNotFound { room: RoomId },
    #[rpc(code = 1002, retryable, kind = "muted_for_now", message = "you are muted")]
    Muted(Until),
    #[rpc(code = 1003)]
    Closed,
}
