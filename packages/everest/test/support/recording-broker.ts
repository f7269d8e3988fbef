// SPDX-License-Identifier: Apache-2.0
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Aedes } from 'aedes';

/** A message as a client sent it. */
export interface Sent {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly payload: string;
}

/** A broker that remembers what its clients sent and subscribed, and lets a script speak for everybody else. */
export interface RecordingBroker {
  readonly port: number;
  readonly sent: readonly Sent[];
  /** Filter → QoS of every subscription ever made. */
  readonly subscribed: ReadonlyMap<string, number>;
  publish(message: Sent): Promise<void>;
  /** Takes the next message of the clients that fits, waiting for it. */
  next(fits: (message: Sent) => boolean): Promise<Sent>;
  /** Resolves when `filter` was subscribed. */
  subscription(filter: string): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

export async function startRecordingBroker(): Promise<RecordingBroker> {
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  const sent: Sent[] = [];
  const taken = new Set<Sent>();
  const subscribed = new Map<string, number>();
  let waiting: (() => boolean)[] = [];
  const check = (): void => {
    waiting = waiting.filter((done) => !done());
  };
  broker.on('publish', (packet, client) => {
    if (client === null) return;
    const { topic, qos, retain } = packet;
    sent.push({ topic, qos, retain, payload: packet.payload.toString() });
    check();
  });
  broker.on('subscribe', (subscriptions) => {
    for (const { topic, qos } of subscriptions) subscribed.set(topic, qos);
    check();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const until = async <T>(find: () => T | undefined): Promise<T> =>
    await new Promise<T>((resolve) => {
      const done = (): boolean => {
        const found = find();
        if (found === undefined) return false;
        resolve(found);
        return true;
      };
      if (!done()) waiting.push(done);
    });
  return {
    port: (server.address() as AddressInfo).port,
    sent,
    subscribed,
    publish: async ({ topic, qos, retain, payload }) => {
      await new Promise<void>((resolve, reject) => {
        broker.publish(
          { cmd: 'publish', topic, qos: qos as 0 | 1 | 2, retain, dup: false, payload: Buffer.from(payload) },
          (error) => (error === undefined || (error as Error | null) === null ? resolve() : reject(error)),
        );
      });
    },
    next: async (fits) =>
      await until(() => {
        const found = sent.find((message) => !taken.has(message) && fits(message));
        if (found !== undefined) taken.add(found);
        return found;
      }),
    subscription: async (filter) => {
      await until(() => (subscribed.has(filter) ? true : undefined));
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        broker.close(() => {
          for (const socket of sockets) socket.destroy();
          server.close(() => resolve());
        });
      });
    },
  };
}
