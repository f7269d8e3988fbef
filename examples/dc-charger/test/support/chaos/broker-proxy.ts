// SPDX-License-Identifier: Apache-2.0
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The last will in the first packet of a connection names the process that it belongs to. */
const WILL = /carabiner\/lost\/([A-Za-z0-9_!]+)/;

interface Link {
  readonly near: Socket;
  readonly far: Socket;
  name: string | undefined;
}

/** Stands between the processes and their broker, so that one connection can be cut. */
export class BrokerProxy {
  readonly #links = new Set<Link>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
    brokerPort: number,
  ) {
    server.on('connection', (near) => {
      this.#join(near, brokerPort);
    });
  }

  static async start(brokerPort: number): Promise<BrokerProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return new BrokerProxy(server, address.port, brokerPort);
  }

  /** Names of the processes that are connected. */
  get connected(): ReadonlySet<string> {
    return new Set([...this.#links].flatMap(({ name }) => name ?? []));
  }

  /** Cuts the connections of a process; it may connect again at once. */
  drop(name: string): void {
    for (const link of [...this.#links]) if (link.name === name) this.#cut(link);
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    for (const link of [...this.#links]) this.#cut(link);
    await closed;
  }

  #join(near: Socket, brokerPort: number): void {
    const far = connect({ host: '127.0.0.1', port: brokerPort, noDelay: true });
    near.setNoDelay(true);
    const link: Link = { near, far, name: undefined };
    this.#links.add(link);
    near.once('data', (first: Buffer) => {
      link.name = WILL.exec(first.toString('latin1'))?.[1];
    });
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#cut(link);
      });
    }
  }

  #cut(link: Link): void {
    this.#links.delete(link);
    link.near.destroy();
    link.far.destroy();
  }
}
