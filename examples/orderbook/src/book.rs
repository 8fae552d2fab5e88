//! The book itself: price and time decide. It knows nothing of the wire.

use crate::{Depth, Level, Order, OrderError, OrderId, Side, Trade};
use std::collections::BTreeMap;
use wirecall::UserId;

/// The open orders.
#[derive(Debug, Default)]
pub struct Book {
    placed: u64,
    /// In the order in which they came.
    open: BTreeMap<OrderId, Order>,
}

/// What came of an order.
#[derive(Debug)]
pub(crate) struct Placed {
    /// The order, with what is still open.
    pub(crate) order: Order,
    /// Every trade, with the other order after it.
    pub(crate) trades: Vec<(Trade, Order)>,
    /// Every level that is not what it was.
    pub(crate) levels: Vec<Level>,
}

impl Book {
    pub(crate) fn place(
        &mut self,
        owner: UserId,
        side: Side,
        price: u64,
        quantity: u64,
    ) -> Result<Placed, OrderError> {
        let makers = self.meets(side, price);
        self.refuse_own(&owner, &makers, quantity)?;
        self.placed += 1;
        let mut order = Order { id: OrderId::from(self.placed), owner, side, price, open: quantity };
        let (mut trades, mut touched) = (vec![], vec![]);
        for id in makers {
            if order.open == 0 {
                break;
            }
            let Some(maker) = self.open.get_mut(&id) else { continue };
            let quantity = maker.open.min(order.open);
            maker.open -= quantity;
            order.open -= quantity;
            trades.push((
                Trade { maker: maker.id, taker: order.id, price: maker.price, quantity },
                maker.clone(),
            ));
            touched.push((maker.side, maker.price));
        }
        self.open.retain(|_, order| order.open > 0);
        if order.open > 0 {
            self.open.insert(order.id, order.clone());
            touched.push((side, price));
        }
        touched.dedup();
        let levels = touched.into_iter().map(|(side, price)| self.level(side, price)).collect();
        Ok(Placed { order, trades, levels })
    }

    pub(crate) fn cancel(&mut self, owner: &UserId, id: OrderId) -> Result<(Order, Level), OrderError> {
        let order = self.open.get(&id).ok_or(OrderError::OrderNotFound { id })?;
        if order.owner != *owner {
            return Err(OrderError::NotYours { id });
        }
        let order = self.open.remove(&id).ok_or(OrderError::OrderNotFound { id })?;
        let level = self.level(order.side, order.price);
        Ok((order, level))
    }

    pub(crate) fn depth(&self, levels: usize) -> Depth {
        let side = |side| {
            let mut prices: Vec<_> =
                self.open.values().filter(|order| order.side == side).map(|o| o.price).collect();
            prices.sort_unstable();
            prices.dedup();
            if side == Side::Buy {
                prices.reverse();
            }
            prices.into_iter().take(levels).map(|price| self.level(side, price)).collect()
        };
        Depth { bids: side(Side::Buy), asks: side(Side::Sell) }
    }

    /// The orders of the other side that a new one would meet, best price first, then the oldest.
    fn meets(&self, side: Side, price: u64) -> Vec<OrderId> {
        let mut makers: Vec<_> = (self.open.iter())
            .filter(|(_, maker)| match side {
                Side::Buy => maker.side == Side::Sell && maker.price <= price,
                Side::Sell => maker.side == Side::Buy && maker.price >= price,
            })
            .map(|(id, maker)| (maker.price, *id))
            .collect();
        makers.sort_by_key(|(price, _)| if side == Side::Buy { *price } else { u64::MAX - *price });
        makers.into_iter().map(|(_, id)| id).collect()
    }

    fn refuse_own(&self, owner: &UserId, makers: &[OrderId], quantity: u64) -> Result<(), OrderError> {
        let mut left = quantity;
        for maker in makers.iter().filter_map(|id| self.open.get(id)) {
            if left == 0 {
                break;
            }
            if maker.owner == *owner {
                return Err(OrderError::SelfTrade { id: maker.id });
            }
            left = left.saturating_sub(maker.open);
        }
        Ok(())
    }

    fn level(&self, side: Side, price: u64) -> Level {
        let orders = self.open.values().filter(|order| order.side == side && order.price == price);
        Level { side, price, open: orders.map(|order| order.open).sum() }
    }
}
