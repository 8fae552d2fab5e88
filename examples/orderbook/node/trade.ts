// `node dist/orderbook/node/trade.js URL NAME` buys one piece at up to 100 and says what it hears.

import { connect, RpcError } from "@wirecall/client";
import { WebSocket } from "ws";
import { OrderBookClient, SelfTradeError } from "../clients/typescript/orderbook.ts";

const [url = "", name = "node"] = process.argv.slice(2);
const client = await connect(url, { token: `secret-of-${name}`, webSocket: WebSocket });
const book = new OrderBookClient(client);
book.onTraded(({ price, quantity }) => console.log(`${quantity} for ${price}`));
book.onFilled(({ order }) => console.log(`order ${order.id}: ${order.open} open`));
book.onChanged(({ side, price, open }) => console.log(`${side} ${price}: ${open}`));

try {
  const order = await book.place({ side: "buy", price: 100, quantity: 1 });
  console.log(`order ${order.id} is placed, ${order.open} open`);
  if (order.open > 0) await book.cancel({ id: order.id });
} catch (error) {
  if (error instanceof SelfTradeError) console.log(`order ${error.details.id} is my own`);
  else if (error instanceof RpcError) console.log(`refused: ${error.message}`);
  else throw error;
}
const { asks } = await book.book({ levels: 1 });
console.log(asks[0] ? `the best ask is ${asks[0].price}` : "nobody sells");
await client.close();
