//! The values of Ethereum's API: numbers and bytes are hexadecimal text, and some members have one of two forms.

use std::fmt;

/// A whole number, written as `0x` and hexadecimal digits without leading zeros. Up to 128 bits, which every sum of
/// wei that exists fits into.
#[wirecall::message]
#[derive(Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity(u128);

impl Quantity {
    /// The number.
    pub fn value(self) -> u128 {
        self.0
    }
}

impl From<u64> for Quantity {
    fn from(value: u64) -> Self {
        Self(value.into())
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        format!("{:#x}", quantity.0)
    }
}

impl TryFrom<String> for Quantity {
    type Error = ParseQuantityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits =
            text.strip_prefix("0x").filter(|digits| *digits == "0" || !digits.starts_with(['0', '+']));
        let value = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
        value.map(Self).ok_or(ParseQuantityError)
    }
}

/// A text is no [`Quantity`].
#[derive(Debug)]
pub struct ParseQuantityError;

impl fmt::Display for ParseQuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `0x` and hexadecimal digits without leading zeros, at most 128 bits")
    }
}

impl std::error::Error for ParseQuantityError {}

/// An account.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Address(#[check(pattern = "^0x[0-9a-fA-F]{40}$")] String);

impl Address {
    /// Whether both are the same account: capitals are a checksum and mean nothing else.
    pub fn is(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// The hash of a block or a transaction, or a part of a signature: 32 bytes.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Hash(#[check(pattern = "^0x[0-9a-f]{64}$")] String);

/// Bytes of any number.
#[wirecall::message]
pub struct Bytes(#[check(pattern = "^0x([0-9a-f]{2})*$")] String);

/// Which block is meant: a name for one that moves, or a number.
#[wirecall::message]
#[serde(untagged)]
pub enum BlockRef {
    /// A block that moves as the chain grows.
    Tag(BlockTag),
    /// The block of that number.
    Number(Quantity),
}

/// The names of blocks that move as the chain grows.
#[wirecall::message]
#[derive(Copy)]
pub enum BlockTag {
    /// The first one.
    Earliest,
    /// The newest that is final.
    Finalized,
    /// The newest that is unlikely to be replaced.
    Safe,
    /// The newest.
    Latest,
    /// The one that is being made.
    Pending,
}

/// What can be subscribed to.
#[wirecall::message]
#[derive(Copy)]
#[serde(rename_all = "camelCase")]
pub enum Topic {
    /// The header of every new block.
    NewHeads,
}

/// A block.
#[wirecall::message]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// What it is without its transactions.
    #[serde(flatten)]
    pub header: Header,
    /// What it holds, in the form that was asked for.
    pub transactions: Transactions,
}

/// A block without its transactions.
#[wirecall::message]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// How many blocks come before it.
    pub number: Quantity,
    /// Its own hash.
    pub hash: Hash,
    /// The hash of the block before it.
    pub parent_hash: Hash,
    /// When it was made, in seconds since 1970.
    pub timestamp: Quantity,
    /// Who made it.
    pub miner: Address,
    /// The most gas that its transactions could use.
    pub gas_limit: Quantity,
    /// The gas that they did use.
    pub gas_used: Quantity,
    /// The price of gas that is burnt, in wei.
    pub base_fee_per_gas: Quantity,
    /// Zero since proof of stake.
    pub difficulty: Quantity,
    /// Zero since proof of stake.
    pub nonce: Bytes,
    /// What its maker wanted to say.
    pub extra_data: Bytes,
}

/// The transactions of a block, in one of two forms.
#[wirecall::message]
#[serde(untagged)]
pub enum Transactions {
    /// Only their hashes.
    Hashes(Vec<Hash>),
    /// All of them.
    Full(Vec<Transaction>),
}

/// A transaction in a block.
#[wirecall::message]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Its own hash.
    pub hash: Hash,
    /// The format, by which clients read the rest: 2 since EIP-1559.
    #[serde(rename = "type")]
    pub kind: Quantity,
    /// The chain that it was signed for.
    pub chain_id: Quantity,
    /// The number of the block that holds it.
    pub block_number: Quantity,
    /// The hash of the block that holds it.
    pub block_hash: Hash,
    /// Its place in the block.
    pub transaction_index: Quantity,
    /// Who pays.
    pub from: Address,
    /// Who is paid; null where a contract was created.
    pub to: Option<Address>,
    /// How much, in wei.
    pub value: Quantity,
    /// How many transactions the sender had signed before.
    pub nonce: Quantity,
    /// The most gas that it could use.
    pub gas: Quantity,
    /// The price of its gas, in wei.
    pub gas_price: Quantity,
    /// The most that was offered for gas, in wei.
    pub max_fee_per_gas: Quantity,
    /// The part of that for the block's maker, in wei.
    pub max_priority_fee_per_gas: Quantity,
    /// What was sent to a contract.
    pub input: Bytes,
    /// The parity of the signature.
    pub v: Quantity,
    /// The first half of the signature.
    pub r: Hash,
    /// The second half of the signature.
    pub s: Hash,
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    fn read(text: &str) -> Option<u128> {
        Quantity::try_from(text.to_owned()).ok().map(Quantity::value)
    }

    #[test]
    fn quantities_are_hexadecimal_without_leading_zeros() {
        assert_eq!(read("0x0"), Some(0));
        assert_eq!(read("0x400"), Some(1024));
        assert_eq!(String::from(Quantity::from(1024_u64)), "0x400");
        for wrong in
            ["", "0x", "0x0400", "ff", "400", "0x+1", "latest", "0x100000000000000000000000000000000"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
