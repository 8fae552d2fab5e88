//! A part of Ethereum's JSON-RPC API, declared as it is in its specification, so that clients which know nothing of
//! wirecall (ethers, web3.py, viem) take the server for a node. The chain behind it is made up, and kept in memory.

mod chain;
mod node;
mod types;

pub use chain::{Chain, OutOfSight};
pub use node::Node;
pub use types::{
    Address, Block, BlockRef, BlockTag, Bytes, Hash, Header, ParseQuantityError, Quantity, Topic,
    Transaction, Transactions,
};

use wirecall::Service;

/// The methods, by the names and with the parameters that every Ethereum node has.
#[derive(Debug, Service)]
#[rpc(name = "ethereum", positional)]
pub enum Ethereum {
    /// The id that signatures on this chain are bound to.
    #[rpc(method = "eth_chainId", returns = Quantity, idempotent)]
    ChainId,
    /// The number of the newest block.
    #[rpc(method = "eth_blockNumber", returns = Quantity, idempotent)]
    BlockNumber,
    /// What an account had at the end of a block, in wei.
    #[rpc(method = "eth_getBalance", returns = Quantity, idempotent)]
    Balance {
        /// Whose balance.
        address: Address,
        /// When; without it, now.
        block: Option<BlockRef>,
    },
    /// A block with its transactions; null where there is none yet.
    #[rpc(method = "eth_getBlockByNumber", returns = Option<Block>, idempotent)]
    BlockByNumber {
        /// Which block.
        block: BlockRef,
        /// Whether the transactions come in full or as their hashes.
        full: bool,
    },
    /// The id of the network, as decimal digits.
    #[rpc(method = "net_version", returns = String, idempotent)]
    NetVersion,
    /// The name and version of the node.
    #[rpc(method = "web3_clientVersion", returns = String, idempotent)]
    ClientVersion,
    /// Tells of every new block, until `eth_unsubscribe`.
    #[rpc(
        method = "eth_subscribe",
        stream = Header,
        subscription(notification = "eth_subscription", unsubscribe = "eth_unsubscribe")
    )]
    Subscribe {
        /// What to tell of.
        topic: Topic,
    },
    /// Makes a block now, as nodes for development do.
    #[rpc(method = "evm_mine", returns = Quantity)]
    Mine,
}
