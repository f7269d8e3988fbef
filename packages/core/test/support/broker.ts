// SPDX-License-Identifier: Apache-2.0
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AedesPublishPacket } from 'aedes';

/** A message that the broker saw. */
export interface Seen {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** An MQTT broker for tests; can be stopped and started again on its port. */
export class TestBroker {
  port = 0;
  readonly seen: Seen[] = [];
  #broker: Aedes | undefined;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #waiters = new Set<() => void>();

  /** Resolves when a client broke off the TLS handshake. */
  readonly refused: Promise<void>;
  #refuse!: () => void;

  /**
   * @param password - clients must give it when it is set
   * @param tls - key and certificate, for TLS
   * @param path - of a Unix socket to listen on, instead of a port
   */
  constructor(
    private readonly password?: string,
    private readonly tls?: { readonly key: Buffer; readonly cert: Buffer },
    private readonly path?: string,
  ) {
    this.refused = new Promise((resolve) => {
      this.#refuse = resolve;
    });
  }

  async start(): Promise<this> {
    const { password } = this;
    const broker = await Aedes.createBroker(
      password === undefined
        ? {}
        : {
            authenticate: (_client, _user, given, done) => done(null, given?.toString() === password),
          },
    );
    this.#broker = broker;
    broker.on('publish', (packet: AedesPublishPacket, client) => {
      if (client === null) return;
      const { topic, payload, qos, retain } = packet;
      this.seen.push({ topic, payload: payload.toString(), qos, retain });
      this.#changed();
    });
    for (const event of ['subscribe', 'client', 'clientDisconnect'] as const)
      broker.on(event as 'client', () => this.#changed());
    const serve = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      broker.handle(socket);
    };
    const server = this.tls === undefined ? createServer(serve) : createTlsServer(this.tls, serve);
    server.on('tlsClientError', () => this.#refuse());
    this.#server = server;
    const { path } = this;
    if (path !== undefined) {
      await new Promise<void>((resolve) => server.listen(path, resolve));
      return this;
    }
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      if (this.#server === undefined) resolve();
      else this.#server.close(() => resolve());
    });
    await new Promise<void>((resolve) => {
      if (this.#broker === undefined) resolve();
      else this.#broker.close(resolve);
    });
    this.#server = undefined;
    this.#broker = undefined;
  }

  /** Publishes as somebody outside. */
  async publish(topic: string, payload: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#broker!.publish(
        { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false },
        (error) => {
          if (error) reject(error);
          else resolve();
        },
      );
    });
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Resolves when `done` holds; asked whenever something happened at the broker. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  get clients(): number {
    return this.#broker?.connectedClients ?? 0;
  }

  #changed(): void {
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }
}
