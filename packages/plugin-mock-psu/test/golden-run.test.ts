// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { AduReader, encodeAdu } from '@carabiner/fusioncharge';
import { MacAddress, MemoryNetwork } from '@carabiner/goose';
import { makeBench } from './bench.js';

interface RecordedAdu {
  readonly ms: number;
  readonly dir: 'psu>dispenser' | 'dispenser>psu';
  readonly fc: number;
  readonly hex: string;
}

interface RecordedFrame {
  readonly frame: string;
  readonly hex: string;
  readonly decoded: { readonly t: string };
}

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../test/fixtures/${name}`, import.meta.url), 'utf8'));

/** The recording leaves ADUs out later on. */
const COMPLETE_UNTIL_MS = 16_000;
const REPORT = 0x41;

describe('the run of the reference', () => {
  it('is repeated to the byte: every request of the first rounds, and the keys', async () => {
    const run = (fixture('modbus-run-mock.json') as RecordedAdu[]).filter(({ ms }) => ms < COMPLETE_UNTIL_MS);
    // The reference's noise, read back from the voltages it wrote (0x2007, a float).
    const noise = run
      .filter(({ dir, hex }) => dir === 'psu>dispenser' && hex.slice(12, 20) === 'ff102007')
      .map(({ hex }) => Math.round((Buffer.from(hex.slice(-8), 'hex').readFloatBE(0) - 230 + 12.8) * 10));
    expect(noise.length).to.be.greaterThan(3);
    const network = new MemoryNetwork();
    const bench = await makeBench({ roundsWithoutRatings: 2, random: () => (noise.shift() ?? 0) / 256 }, () =>
      network.link(MacAddress.parse('02:00:00:00:00:02')),
    );
    const socket = connect({ port: bench.mock.port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const requests: string[] = [];
    const reader = new AduReader(({ transactionId, unitId, pdu, protocolId }) =>
      requests.push(encodeAdu(transactionId, unitId, pdu, protocolId).toString('hex')),
    );
    socket.on('data', (chunk) => reader.push(chunk));
    await bench.until(() => bench.mock.dispensers === 1, 'the connection');
    await bench.until(() => requests.length > 0, 'the first request');
    const startMs = bench.clock.monotonic();
    let compared = 0;
    for (const { ms, dir, fc, hex } of run) {
      if (dir === 'psu>dispenser') {
        await bench.until(() => requests.length > 0, `the request ${hex}`);
        expect(requests.shift()).to.equal(hex);
        compared += 1;
      } else {
        if (fc === REPORT) await bench.until(() => bench.clock.monotonic() - startMs >= ms, `${ms} ms`);
        socket.write(Buffer.from(hex, 'hex'));
      }
    }
    expect(compared).to.be.greaterThan(70);
    socket.end();
    await bench.close();
  });

  it('has the replies of the reference, to the byte', async () => {
    const { first_of_each: frames } = fixture('goose-run-secure.json') as { first_of_each: RecordedFrame[] };
    const replies = frames.filter(({ frame }) => frame.startsWith('PowerRequestReply'));
    expect(replies).to.have.length(2);
    for (const reply of replies) {
      const request = frames[frames.indexOf(reply) - 1]!;
      const network = new MemoryNetwork();
      const bench = await makeBench({ replyDelayMs: 0 }, () =>
        network.link(MacAddress.parse('02:00:00:00:00:02')),
      );
      // The reply carries the time of its making.
      const t = Buffer.from(reply.decoded.t, 'hex');
      const replyMs = t.readUInt32BE(0) * 1000 + Math.round((t.readUIntBE(4, 3) * 1000) / 2 ** 24);
      bench.clock.now = () => replyMs;
      const link = network.link(MacAddress.parse('02:00:00:00:00:01'));
      const heard: string[] = [];
      link.onFrame((bytes) => heard.push(bytes.toString('hex')));
      link.send(Buffer.from(request.hex, 'hex'));
      await bench.pass(5);
      expect(heard).to.deep.equal([reply.hex]);
      await bench.close();
    }
  });
});
