//! A made-up chain: a few accounts, blocks with their payments, and a new block whenever one is asked for.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::watch;

use crate::types::{Address, Block, BlockRef, BlockTag, Bytes, Hash, Header, Transaction, Transactions};

/// The id that tools give chains for development.
const CHAIN_ID: u64 = 1337;
/// When the first block was made; another follows every twelve seconds.
const GENESIS: u64 = 1_700_000_000;
const SECONDS_A_BLOCK: u64 = 12;

const GWEI: u128 = 1_000_000_000;
const ETHER: u128 = GWEI * GWEI;
const FEE: u128 = 2 * GWEI;
/// What moving ether costs.
const GAS: u64 = 21_000;

const ALICE: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const BOB: &str = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc";
const NOBODY: &str = "0x0000000000000000000000000000000000000000";

/// Ether moved from one account to another.
#[derive(Debug, Clone)]
struct Payment {
    from: &'static str,
    to: &'static str,
    wei: u128,
}

/// Blocks in memory.
#[derive(Debug)]
pub struct Chain {
    /// What each block moved, from the first on; the rest of a block follows from its number.
    blocks: RwLock<Vec<Vec<Payment>>>,
    /// The number of the newest block, for who waits for the next.
    head: watch::Sender<u64>,
}

/// The block that was asked for is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfSight;

impl Chain {
    /// Three blocks: Alice and Bob are given 100 ether each, she pays him 1.5, then nothing happens.
    pub fn new() -> Self {
        let pay = |from, to, wei| Payment { from, to, wei };
        let blocks = vec![
            vec![pay(NOBODY, ALICE, 100 * ETHER), pay(NOBODY, BOB, 100 * ETHER)],
            vec![pay(ALICE, BOB, ETHER), pay(ALICE, BOB, ETHER / 2)],
            vec![],
        ];
        let head = watch::Sender::new(newest(&blocks));
        Self { blocks: RwLock::new(blocks), head }
    }

    /// The id that signatures are bound to.
    pub fn id(&self) -> u64 {
        CHAIN_ID
    }

    /// The number of the newest block.
    pub fn head(&self) -> u64 {
        newest(&self.blocks())
    }

    /// Tells the number of the newest block whenever there is another.
    pub fn heads(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// Adds a block without transactions; gives its number.
    pub fn mine(&self) -> u64 {
        let mut blocks = self.blocks.write().unwrap_or_else(PoisonError::into_inner);
        blocks.push(Vec::new());
        let number = newest(&blocks);
        self.head.send_replace(number);
        number
    }

    /// What the account had at the end of a block, in wei. Gas is free here.
    ///
    /// # Errors
    ///
    /// Where there is no such block yet.
    pub fn balance(&self, address: &Address, at: &BlockRef) -> Result<u128, OutOfSight> {
        let number = self.number(at).ok_or(OutOfSight)?;
        let blocks = self.blocks();
        let payments = blocks.iter().take(number.saturating_add(1)).flatten();
        let is = |name: &str| address.is(&Address::from(name));
        Ok(payments.fold(0, |balance: u128, payment| {
            let balance = if is(payment.to) { balance + payment.wei } else { balance };
            if is(payment.from) { balance.saturating_sub(payment.wei) } else { balance }
        }))
    }

    /// A block, where there is one.
    pub fn block(&self, at: &BlockRef, full: bool) -> Option<Block> {
        let index = self.number(at)?;
        let payments = self.blocks().get(index)?.clone();
        let number = index as u64;
        let transactions =
            payments.iter().enumerate().map(|(place, payment)| transaction(number, place as u64, payment));
        Some(Block {
            header: header(number, payments.len() as u64),
            transactions: if full {
                Transactions::Full(transactions.collect())
            } else {
                Transactions::Hashes(transactions.map(|it| it.hash).collect())
            },
        })
    }

    /// What a block is without its transactions, where there is one.
    pub fn header(&self, number: u64) -> Option<Header> {
        let payments = self.blocks().get(usize::try_from(number).ok()?)?.len();
        Some(header(number, payments as u64))
    }

    fn number(&self, at: &BlockRef) -> Option<usize> {
        let head = self.blocks().len().checked_sub(1)?;
        let number = match at {
            BlockRef::Tag(BlockTag::Earliest) => 0,
            BlockRef::Tag(BlockTag::Finalized | BlockTag::Safe | BlockTag::Latest | BlockTag::Pending) => {
                head
            }
            BlockRef::Number(number) => usize::try_from(number.value()).ok()?,
        };
        (number <= head).then_some(number)
    }

    fn blocks(&self) -> RwLockReadGuard<'_, Vec<Vec<Payment>>> {
        self.blocks.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

fn newest(blocks: &[Vec<Payment>]) -> u64 {
    blocks.len().saturating_sub(1) as u64
}

fn header(number: u64, payments: u64) -> Header {
    Header {
        number: number.into(),
        hash: block_hash(number),
        parent_hash: number.checked_sub(1).map_or_else(|| hash(0), block_hash),
        timestamp: GENESIS.saturating_add(number.saturating_mul(SECONDS_A_BLOCK)).into(),
        miner: NOBODY.into(),
        gas_limit: 30_000_000_u64.into(),
        gas_used: GAS.saturating_mul(payments).into(),
        base_fee_per_gas: GWEI.into(),
        difficulty: 0_u64.into(),
        nonce: "0x0000000000000000".into(),
        extra_data: "0x".into(),
    }
}

fn transaction(block: u64, place: u64, payment: &Payment) -> Transaction {
    Transaction {
        hash: hash(0x1_0000 * (block + 1) + place),
        kind: 2_u64.into(),
        chain_id: CHAIN_ID.into(),
        block_number: block.into(),
        block_hash: block_hash(block),
        transaction_index: place.into(),
        from: payment.from.into(),
        to: Some(payment.to.into()),
        value: payment.wei.into(),
        nonce: place.into(),
        gas: GAS.into(),
        gas_price: FEE.into(),
        max_fee_per_gas: FEE.into(),
        max_priority_fee_per_gas: GWEI.into(),
        input: Bytes::from("0x"),
        v: 0_u64.into(),
        r: hash(1),
        s: hash(2),
    }
}

fn block_hash(number: u64) -> Hash {
    hash(0xb10c_0000_0000 + number)
}

/// A hash that nothing was hashed for.
fn hash(of: u64) -> Hash {
    format!("0x{of:064x}").into()
}

#[cfg(test)]
mod tests {
    use super::{ALICE, BOB, Chain, ETHER, OutOfSight};
    use crate::types::{Address, BlockRef, BlockTag, Transactions};

    fn block(number: u64) -> BlockRef {
        BlockRef::Number(number.into())
    }

    #[test]
    fn a_balance_is_what_the_payments_up_to_a_block_left() {
        let chain = Chain::new();
        let alice = Address::from(ALICE.to_uppercase().replace('X', "x"));
        assert_eq!(chain.balance(&alice, &block(0)), Ok(100 * ETHER));
        assert_eq!(chain.balance(&alice, &BlockRef::Tag(BlockTag::Latest)), Ok(197 * ETHER / 2));
        assert_eq!(chain.balance(&Address::from(BOB), &block(1)), Ok(203 * ETHER / 2));
        assert_eq!(chain.balance(&alice, &block(3)), Err(OutOfSight));
    }

    #[test]
    fn a_block_has_its_transactions_in_the_form_that_was_asked_for() {
        let chain = Chain::new();
        let transactions = |full| chain.block(&block(1), full).map(|block| block.transactions);
        assert!(matches!(transactions(false), Some(Transactions::Hashes(hashes)) if hashes.len() == 2));
        assert!(matches!(transactions(true), Some(Transactions::Full(all)) if all.len() == 2));
    }

    #[test]
    fn a_new_block_follows_the_newest() {
        let chain = Chain::new();
        assert!(chain.block(&block(3), false).is_none());
        assert_eq!(chain.mine(), 3);
        let (parent, child) = (chain.block(&block(2), false), chain.block(&block(3), false));
        assert_eq!(child.map(|child| child.header.parent_hash), parent.map(|parent| parent.header.hash));
    }
}
