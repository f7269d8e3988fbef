// SPDX-License-Identifier: Apache-2.0
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestBroker } from './brokers.js';

/** A way to a broker that can freeze, as if the broker's process were stopped: connections stay, and nothing passes. */
export interface FreezingProxy extends TestBroker {
  freeze(): void;
}

export async function startFreezingProxy({ address, protocolVersion }: TestBroker): Promise<FreezingProxy> {
  let frozen = false;
  const sockets = new Set<Socket>();
  // A stopped process does not answer the end of a connection either.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port: address.port ?? 0 });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        if (!frozen) to.write(chunk);
      });
      from.on('end', () => {
        if (!frozen) to.end();
      });
      from.on('error', () => from.destroy());
      from.on('close', () => {
        sockets.delete(from);
        if (!frozen) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    protocolVersion,
    freeze: () => {
      frozen = true;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
