#[derive(Service)]
#[rpc(side = "client")]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Everything {
    #[rpc(returns = Vec<Item>, error = OwnError, timeout = "5m", idempotent, serial = "by_key")]
    #[deprecated(note = "use `List`")]
    ListAll {
        by_key: String,
        /// At most this many.
        #[check(range(min = 1, max = 100))]
        limit: Option<u32>,
        #[serde(default)]
        offset: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        r#type: Option<String>,
        #[check(each(pattern = "^[a-z]+$"), custom = crate::tags)]
        tags: Vec<String>,
    },
    #[rpc(serial, name = "store")]
    Put(Item),
    #[rpc(method = "eth_getBalance", positional, returns = Quantity)]
    GetBalance { address: Address, cx: BlockTag },
    Ping,
}
