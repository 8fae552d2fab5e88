//! Answers the calls from the chain.

use std::sync::Arc;

use wirecall::{Outgoing, Reply, RpcError};

use crate::{Address, Block, BlockRef, BlockTag, Chain, EthereumHandler, Header, Quantity, Topic};

/// The code that nodes answer where something is not there yet.
const SERVER_ERROR: i64 = -32000;

/// A node: a chain that others may ask about.
#[derive(Debug, Clone, Default)]
pub struct Node {
    chain: Arc<Chain>,
}

impl EthereumHandler for Node {
    type Context = ();

    async fn chain_id(&self, (): ()) -> Reply<Quantity> {
        Ok(self.chain.id().into())
    }

    async fn block_number(&self, (): ()) -> Reply<Quantity> {
        Ok(self.chain.head().into())
    }

    async fn balance(&self, (): (), address: Address, block: Option<BlockRef>) -> Reply<Quantity> {
        let block = block.unwrap_or(BlockRef::Tag(BlockTag::Latest));
        match self.chain.balance(&address, &block) {
            Ok(wei) => Ok(wei.into()),
            // Word for word what go-ethereum says, which some clients look for.
            Err(_) => Err(RpcError::raw(SERVER_ERROR, "header not found", None).into()),
        }
    }

    async fn block_by_number(&self, (): (), block: BlockRef, full: bool) -> Reply<Option<Block>> {
        Ok(self.chain.block(&block, full))
    }

    async fn net_version(&self, (): ()) -> Reply<String> {
        Ok(self.chain.id().to_string())
    }

    async fn client_version(&self, (): ()) -> Reply<String> {
        Ok(concat!("wirecall/", env!("CARGO_PKG_VERSION")).to_owned())
    }

    async fn subscribe(&self, (): (), topic: Topic, mut out: Outgoing<Header>) -> Reply<()> {
        let Topic::NewHeads = topic;
        let mut heads = self.chain.heads();
        let mut told = *heads.borrow_and_update();
        while heads.changed().await.is_ok() {
            let head = *heads.borrow_and_update();
            // Several may have been made at once.
            while told < head {
                told += 1;
                if let Some(header) = self.chain.header(told) {
                    out.send(header).await?;
                }
            }
        }
        Ok(())
    }

    async fn mine(&self, (): ()) -> Reply<Quantity> {
        Ok(self.chain.mine().into())
    }
}
