// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';

/** A broker that runs inside this process, for machines without one. Speaks MQTT 3.1.1 only. */
export interface EmbeddedBroker {
  readonly port: number;
  /** Closes all connections and the listener. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a broker on loopback.
 *
 * @param port - TCP port; 0 takes a free one
 * @param host - address to listen on; anything but loopback opens the system to the network
 * @throws Error when the port is taken
 */
export async function startEmbeddedBroker(port = 0, host = '127.0.0.1'): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker({ heartbeatInterval: 60_000 });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  let closing: Promise<void> | undefined;
  return {
    port: actual,
    close: async () => {
      closing ??= new Promise<void>((resolve) => {
        broker.close(() => {
          for (const socket of sockets) socket.destroy();
          server.close(() => resolve());
        });
      });
      await closing;
    },
  };
}
