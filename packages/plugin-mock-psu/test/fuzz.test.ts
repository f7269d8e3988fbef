// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { AduReader, encodeAdu } from '@carabiner/fusioncharge';
import { MemoryNetwork, MacAddress } from '@carabiner/goose';
import { readFileSync } from 'node:fs';
import { makeBench, type Bench } from './bench.js';

const recorded = (
  JSON.parse(readFileSync(new URL('../test/fixtures/goose-run-secure.json', import.meta.url), 'utf8')) as {
    first_of_each: { hex: string }[];
  }
).first_of_each.map(({ hex }) => Buffer.from(hex, 'hex'));

/** Bytes put in, taken out or replaced at random places. */
const edits = fc.array(fc.tuple(fc.nat(300), fc.nat(3), fc.uint8Array({ maxLength: 3 })), {
  minLength: 1,
  maxLength: 4,
});
function edit(bytes: Buffer, changes: [number, number, Uint8Array][]): Buffer {
  let result = bytes;
  for (const [at, removed, inserted] of changes)
    result = Buffer.concat([result.subarray(0, at), inserted, result.subarray(at + removed)]);
  return result;
}

async function serves(bench: Bench): Promise<void> {
  const dispenser = await bench.dispenser();
  dispenser.event('carConnected');
  await bench.until(() => dispenser.situation().state === 'Running', 'the allocation for a good dispenser');
}

describe('hostile bytes', () => {
  it('on the network change nothing and end nothing', async () => {
    const network = new MemoryNetwork();
    const bench = await makeBench({}, () => network.link());
    const attacker = network.link();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }).map((b) => Buffer.from(b)),
          fc.constantFrom(...recorded).chain((frame) => edits.map((changes) => edit(frame, changes))),
        ),
        (bytes) => {
          attacker.send(bytes);
        },
      ),
      { numRuns: 1000 },
    );
    let heard = 0;
    bench.mock.on('request', () => (heard += 1));
    await bench.pass(20);
    expect(heard).to.equal(0);
    await serves(bench);
    await bench.close();
  });

  it('on the connection end it at most, and never the service', async () => {
    const network = new MemoryNetwork();
    const bench = await makeBench({}, () => network.link(MacAddress.random()));
    const open = async (): Promise<Socket> => {
      const socket = connect({ port: bench.mock.port, host: '127.0.0.1', noDelay: true });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), async (chunks) => {
        const socket = await open();
        for (const chunk of chunks) socket.write(chunk);
        await bench.pass(120);
        socket.destroy();
      }),
      { numRuns: 60 },
    );
    // Answers of the right kind with wrong contents, and reports that do not fit.
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.uint8Array({ maxLength: 40 })), async (contents) => {
        const socket = await open();
        const reader = new AduReader(({ transactionId, unitId, pdu }) => {
          const [content] = [...contents.take(1)];
          socket.write(
            encodeAdu(transactionId, unitId, Buffer.concat([pdu.subarray(0, 1), content ?? Buffer.alloc(0)])),
          );
          socket.write(
            encodeAdu(1, 0, Buffer.concat([Buffer.from([0x41, 0x91]), content ?? Buffer.alloc(0)])),
          );
        });
        socket.on('data', (chunk) => reader.push(chunk));
        await bench.pass(200);
        socket.destroy();
      }),
      { numRuns: 40 },
    );
    await bench.until(() => bench.mock.dispensers === 0, 'the end of the hostile connections');
    await serves(bench);
    await bench.close();
  });
});
