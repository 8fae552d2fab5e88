//! Two traders and a looker-on, over real sockets.

use orderbook::{Level, Order, OrderBook, OrderBookClient, OrderError, OrderEvent, Side};
use tokio::net::TcpListener;
use wirecall::{CallError, Client, ErrorKind};

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn start() -> Result<String, Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/ws", listener.local_addr()?);
    let server = orderbook::server()?;
    tokio::spawn(async move { server.serve_listener(listener).await });
    Ok(url)
}

async fn user(url: &str, name: &str) -> Result<Client, wirecall::client::ConnectError> {
    wirecall::connect(url).token(format!("secret-of-{name}")).service::<OrderBook>().await
}

#[tokio::test]
async fn orders_that_cross_are_told_to_everybody_and_to_their_owner() -> Outcome {
    let url = start().await?;
    let nobody = OrderBookClient::new(&wirecall::connect(&url).await?);
    let ada = OrderBookClient::new(&user(&url, "ada").await?);
    let bob = OrderBookClient::new(&user(&url, "bob").await?);
    let (mut public, mut private) = (nobody.events(), ada.events());

    let ask = ada.place(Side::Sell, 100_u64, 10_u64).await?;
    let bid = bob.place(Side::Buy, 105_u64, 4_u64).await?;
    assert_eq!(bid.open, 0);

    let told = [public.next().await, public.next().await, public.next().await];
    let [Some(OrderEvent::Changed(placed)), Some(OrderEvent::Traded(trade)), Some(OrderEvent::Changed(left))] =
        told
    else {
        panic!("{told:?}");
    };
    assert_eq!(placed, Level { side: Side::Sell, price: 100, open: 10 });
    assert_eq!((trade.maker, trade.taker, trade.price, trade.quantity), (ask.id, bid.id, 100, 4));
    assert_eq!(left.open, 6);

    let told = [private.next().await, private.next().await, private.next().await];
    let [_, Some(OrderEvent::Traded(_)), Some(OrderEvent::Filled { order, .. })] = told else {
        panic!("{told:?}")
    };
    assert_eq!(order, Order { open: 6, ..ask });

    let depth = nobody.book(None).await?;
    assert_eq!((depth.bids, depth.asks), (vec![], vec![left]));
    Ok(())
}

#[tokio::test]
async fn refusals_are_typed() -> Outcome {
    let url = start().await?;
    let nobody = OrderBookClient::new(&wirecall::connect(&url).await?);
    let ada = OrderBookClient::new(&user(&url, "ada").await?);
    let bob = OrderBookClient::new(&user(&url, "bob").await?);

    let ask = ada.place(Side::Sell, 100_u64, 10_u64).await?;
    let refused = bob.cancel(ask.id).await;
    assert!(matches!(refused, Err(CallError::Service(OrderError::NotYours { id })) if id == ask.id));
    let refused = ada.place(Side::Buy, 100_u64, 1_u64).await;
    assert!(matches!(refused, Err(CallError::Service(OrderError::SelfTrade { id })) if id == ask.id));
    let refused = nobody.place(Side::Buy, 100_u64, 1_u64).await;
    assert!(
        matches!(refused, Err(CallError::Rpc(error)) if error.kind() == ErrorKind::Unauthenticated.name())
    );
    let refused = bob.place(Side::Buy, 0_u64, 1_u64).await;
    assert!(matches!(refused, Err(CallError::Encode(_))), "the client checks before it sends");

    assert_eq!(ada.cancel(ask.id).await?, ask);
    let refused = ada.cancel(ask.id).await;
    assert!(matches!(refused, Err(CallError::Service(OrderError::OrderNotFound { .. }))));
    Ok(())
}

#[tokio::test]
async fn a_wrong_token_is_refused_when_connecting() -> Outcome {
    let url = start().await?;
    let refused = wirecall::connect(&url).token("guess").await;
    assert!(refused.is_err());
    Ok(())
}
