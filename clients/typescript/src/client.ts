// The client as applications hold it: `connect`, its states, its services.

import { failure, makeCall } from "./calling.ts";
import { Connector, type ConnectorHost } from "./connector.ts";
import { type Environment, realEnvironment } from "./environment.ts";
import { ConnectError } from "./errors.ts";
import { webSocketUrl } from "./failure.ts";
import { Incoming } from "./incoming.ts";
import { type OutgoingCall, wrap } from "./layers.ts";
import { type ConnectOptions, complete, type Settings } from "./options.ts";
import {
  type AnyDeclaration,
  bindService,
  type CallParts,
  type ServiceClient,
  type ServiceDeclaration,
  type ServiceHost,
} from "./service.ts";
import { Listeners, type OnError, type State, type Unsubscribe } from "./states.ts";

/** A connected client. It reconnects by itself until it is closed. */
export interface Client {
  /** Where it is now. */
  readonly state: State;
  /** The session's id, while open and not plain. */
  readonly session: string | undefined;
  /** Whose session it is, while open and logged in. */
  readonly user: string | undefined;
  /** Hears every new state; not the present one. A listener may be `async`: it holds nothing back, and a
   * rejection goes to `onError`. */
  onState(listener: (state: State) => void): Unsubscribe;
  /** Binds a service. The constructors of generated clients call it. */
  service(declaration: ServiceDeclaration): ServiceClient;
  /**
   * Closes the client for good. Calls that wait fail with `ClosedError`, calls that were sent with
   * `ConnectionLostError`. Resolves when the server has what was written, or after a few seconds. Never
   * rejects.
   */
  close(): Promise<void>;
}

/**
 * Connects to a server.
 *
 * Resolves when the connection is open; with the option `lazy` at once. From then on lost connections
 * come back by themselves, and calls made meanwhile wait.
 *
 * @throws {ConnectError} The first attempt failed; the message says what to look at.
 * @throws {TypeError} The options cannot work here.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Client> {
  return connectIn(realEnvironment(), url, options);
}

/** `connect`, with a world of the caller's own: for tests. */
export async function connectIn(
  environment: Environment,
  url: string | URL,
  options: ConnectOptions,
): Promise<Client> {
  const settings = complete(options);
  const client = new OwnClient(webSocketUrl(url), settings, environment);
  const opened = client.open();
  if (!settings.lazy) await opened;
  return client;
}

class OwnClient implements Client, ConnectorHost, ServiceHost {
  state: State = { type: "connecting" };
  readonly timeoutMs: number;
  readonly incoming: Incoming;
  readonly contract: Record<string, string> = {};
  private readonly settings: Settings;
  private readonly connector: Connector;
  private readonly listeners: Listeners<State>;
  /** Whoever awaits the first connection. */
  private first: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(url: URL, settings: Settings, environment: Environment) {
    const onError = guarded(settings.onError);
    this.settings = { ...settings, onError };
    this.timeoutMs = settings.timeoutMs;
    this.incoming = new Incoming(onError);
    this.listeners = new Listeners("states", onError);
    this.connector = new Connector(url, this.settings, environment, this);
  }

  get session(): string | undefined {
    return this.state.type === "open" ? this.state.session : undefined;
  }

  get user(): string | undefined {
    return this.state.type === "open" ? this.state.user : undefined;
  }

  open(): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => {
      this.first = { resolve, reject };
    });
    // A lazy client awaits nothing; its failure is told by its state.
    opened.catch(() => {});
    void this.connector.connect();
    return opened;
  }

  onState(listener: (state: State) => void): Unsubscribe {
    return this.listeners.add(listener);
  }

  service(declaration: ServiceDeclaration): ServiceClient {
    const { name, contract } = declaration;
    if (contract !== undefined) this.contract[name] = contract;
    return bindService(this, declaration);
  }

  close(): Promise<void> {
    return this.connector.close();
  }

  changed(state: State, error?: Error): void {
    this.state = state;
    if (state.type === "open") this.first?.resolve();
    if (state.type === "closed") this.first?.reject(error ?? new ConnectError("closed meanwhile"));
    this.listeners.tell(state);
  }

  makeCall(
    call: OutgoingCall,
    service: ServiceDeclaration,
    declaration: AnyDeclaration,
    parts: CallParts,
  ): Promise<unknown> {
    const { layers } = this.settings;
    const send = (one: OutgoingCall) => makeCall(this.connector, one, service, declaration, parts);
    return layers.length === 0 ? send(call) : wrap(layers, send)(call);
  }

  notify(method: string, params: () => unknown): Promise<void> {
    const sent = new Promise<void>((resolve, reject) => {
      const request = {
        method,
        params: params(),
        meta: undefined,
        timeoutMs: Number.POSITIVE_INFINITY,
        idempotent: false,
      };
      this.connector.send(request, false, {
        settle(outcome) {
          if (outcome.type === "result") resolve();
          else reject(failure(method, outcome));
        },
      });
    });
    // Most callers leave a notification to itself; its failure must not end their process.
    sent.catch(() => {});
    return sent;
  }
}

/** The application's function, which must not keep the client from going on when it throws, nor end the
 * process when it is `async` and rejects. */
function guarded(onError: OnError): OnError {
  return async (error, where) => {
    try {
      await onError(error, where);
    } catch (another) {
      console.error(another);
    }
  };
}
