#[derive(Service)]
#[rpc(name = "files", error = FileError)]
enum Files {
    /// Searches file names, newest first.
    #[rpc(stream = Hit, returns = Summary, idempotent)]
    Search { query: String },
    #[rpc(upload = Chunk, returns = FileId)]
    Store { name: String },
    #[rpc(stream = Hit, upload = Chunk)]
    Both { out: u8, items: u8 },
    #[rpc(method = "files_watch", positional, stream = Hit, subscription(notification = "files_changed", unsubscribe = "files_unwatch"))]
    Watch,
}
