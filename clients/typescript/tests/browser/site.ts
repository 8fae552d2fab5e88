// A site for a page in a browser: the built client as modules, and the way to a fixture server on the same
// origin, which a test can cut.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { ROOT } from "../support/programs.ts";

const MODULES = {
  "@wirecall/client": "/dist/index.js",
  "@wirecall/client/msgpack": "/dist/msgpack.js",
  "@msgpack/msgpack": "/node_modules/@msgpack/msgpack/dist.esm/index.mjs",
};

const PAGE = `<!doctype html>
<title>A page of a test</title>
<link rel="icon" href="data:," />
<script type="importmap">${JSON.stringify({ imports: MODULES })}</script>
<script type="module" src="/build/integration/page.js"></script>`;

/** A site that listens. */
export class Site {
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();

  private constructor(fixture: URL) {
    this.server = createServer((request, response) => void serve(request, response));
    this.server.on("upgrade", (request, socket) => this.pass(request, socket, fixture));
  }

  /** A site before the server of that URL. */
  static async before(url: string): Promise<Site> {
    const site = new Site(new URL(url));
    site.server.listen(0, "127.0.0.1");
    await once(site.server, "listening");
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** Ends every WebSocket without a word. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private pass(request: IncomingMessage, socket: Duplex, { hostname, port }: URL): void {
    const there = connect(Number(port), hostname);
    const { method, url, rawHeaders } = request;
    const lines = [`${method} ${url} HTTP/1.1`];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    }
    there.write(`${lines.join("\r\n")}\r\n\r\n`);
    for (const [from, to] of [
      [socket, there],
      [there, socket],
    ] as const) {
      this.sockets.add(from);
      from.pipe(to);
      from.on("error", () => {});
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}

async function serve({ url = "/" }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (url === "/") {
    response.setHeader("content-type", "text/html").end(PAGE);
    return;
  }
  try {
    const file = await readFile(`${ROOT}${url.slice(1)}`);
    response.setHeader("content-type", "text/javascript").end(file);
  } catch {
    response.writeHead(404).end();
  }
}
