//! An order book: orders that cross become trades, everybody hears of trades and prices, and only its owner of an order.

mod book;

use std::sync::{Mutex, MutexGuard, PoisonError};
use wirecall::server::AuthRequest;
use wirecall::{
    ErrorKind, Events, Internal, Reply, RpcError, Server, Service, ServiceError, Session, UserId,
};

pub use book::Book;

/// The number of an order.
#[wirecall::message]
#[derive(Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderId(u64);

/// What an order wants.
#[wirecall::message]
#[derive(Copy, PartialEq, Eq)]
pub enum Side {
    /// To have.
    Buy,
    /// To give away.
    Sell,
}

/// An order, as it stands.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// Who placed it.
    pub owner: UserId,
    /// What it wants.
    pub side: Side,
    /// The worst price that it takes, in cents.
    pub price: u64,
    /// How much of it is still open.
    pub open: u64,
}

/// Two orders met.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Trade {
    /// The order that was there first, and gave the price.
    pub maker: OrderId,
    /// The order that came.
    pub taker: OrderId,
    /// In cents.
    pub price: u64,
    /// How much changed hands.
    pub quantity: u64,
}

/// All open orders of one side at one price.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Level {
    /// Which side.
    pub side: Side,
    /// In cents.
    pub price: u64,
    /// How much is open; 0 when the level is gone.
    pub open: u64,
}

/// The best prices of both sides.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Depth {
    /// Highest first.
    pub bids: Vec<Level>,
    /// Lowest first.
    pub asks: Vec<Level>,
}

/// One order book.
#[derive(Service)]
#[rpc(name = "orderbook", error = OrderError, events = OrderEvent)]
pub enum OrderBook {
    /// Places an order, and returns it with what is still open of it. Users only.
    #[rpc(returns = Order, no_cancel)]
    Place {
        side: Side,
        #[check(range(min = 1, max = 1_000_000_000))]
        price: u64,
        #[check(range(min = 1, max = 1_000_000))]
        quantity: u64,
    },
    /// Takes back what is open of an order of one's own, and returns it as it was.
    #[rpc(returns = Order, no_cancel)]
    Cancel { id: OrderId },
    /// The best levels of both sides. Everybody may ask.
    #[rpc(returns = Depth, idempotent)]
    Book {
        #[check(range(min = 1, max = 100))]
        levels: Option<u16>,
    },
}

/// Why an order is refused.
#[derive(Debug, ServiceError)]
pub enum OrderError {
    /// There is no open order with this number.
    #[rpc(code = 1001)]
    OrderNotFound { id: OrderId },
    /// The order belongs to somebody else.
    #[rpc(code = 1002)]
    NotYours { id: OrderId },
    /// The order would meet one of the same user's.
    #[rpc(code = 1003)]
    SelfTrade { id: OrderId },
}

/// What the book tells.
#[derive(Debug, Events)]
pub enum OrderEvent {
    /// To everybody: two orders met.
    Traded(Trade),
    /// To everybody: so much is open at this price now.
    Changed(Level),
    /// To the owner of an order: some of it was filled.
    Filled {
        /// The order, with what is still open.
        order: Order,
        /// The other side of it.
        trade: Trade,
    },
}

/// The handler: one book behind a lock.
#[derive(Debug, Default)]
pub struct Exchange {
    book: Mutex<Book>,
}

impl Exchange {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OrderBookHandler for Exchange {
    type Context = Session;

    async fn place(&self, cx: Session, side: Side, price: u64, quantity: u64) -> Reply<Order, OrderError> {
        let owner = cx.user()?;
        // Told under the lock, so that everybody hears changes in the order in which they were made.
        let mut book = self.book();
        let placed = book.place(owner, side, price, quantity)?;
        for (trade, maker) in placed.trades {
            let server = cx.server();
            server.broadcast(OrderEvent::Traded(trade.clone())).internal()?;
            server.user(&maker.owner).emit(OrderEvent::Filled { order: maker, trade }).internal()?;
        }
        for level in placed.levels {
            cx.server().broadcast(OrderEvent::Changed(level)).internal()?;
        }
        Ok(placed.order)
    }

    async fn cancel(&self, cx: Session, id: OrderId) -> Reply<Order, OrderError> {
        let owner = cx.user()?;
        let mut book = self.book();
        let (order, level) = book.cancel(&owner, id)?;
        cx.server().broadcast(OrderEvent::Changed(level)).internal()?;
        Ok(order)
    }

    async fn book(&self, _: Session, levels: Option<u16>) -> Reply<Depth, OrderError> {
        Ok(self.book().depth(levels.unwrap_or(10).into()))
    }
}

/// The token of a user of this example is `secret-of-` and the name.
///
/// # Errors
/// Another token is `unauthenticated`. Without one the caller is nobody, who may look.
pub async fn sign_in(request: AuthRequest) -> Result<Option<UserId>, RpcError> {
    let Some(token) = request.token() else { return Ok(None) };
    match token.strip_prefix("secret-of-") {
        Some(name) if !name.is_empty() => Ok(Some(UserId::from(name))),
        _ => Err(RpcError::new(ErrorKind::Unauthenticated, "the token is not valid")),
    }
}

/// The server with an empty book.
///
/// # Errors
/// What the builder refuses.
pub fn server() -> Result<Server, wirecall::server::Error> {
    Server::builder().service(OrderBook::serve(Exchange::default())).authenticate(sign_in).build()
}
