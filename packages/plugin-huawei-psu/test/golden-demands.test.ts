// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import type { PowerDemand } from '@carabiner/fusioncharge';
import { MacAddress } from '@carabiner/goose';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { DemandStream } from '../dist/device/demand-stream.js';
import { NO_POWER } from '../dist/device/set-point.js';

interface Sample {
  readonly name: string;
  readonly stNum: number;
  readonly sqNum: number;
  readonly timestamp: string;
  readonly fields: {
    readonly kind: 'PowerRequest' | 'ShutdownRequest' | 'PowerRequestReply';
    readonly connector: number;
    readonly type?: number;
    readonly mode?: number;
    readonly voltage?: number;
    readonly current?: number;
    readonly reason?: number;
  };
  readonly plain: string;
  readonly secure: string;
}

const { frames, hmac_key } = JSON.parse(
  readFileSync(new URL('../test/fixtures/goose-library.json', import.meta.url), 'utf8'),
) as { frames: Sample[]; hmac_key: string };

const DEMANDS: readonly PowerDemand[] = [
  'Stop',
  'ModulePlaceholder',
  'InsulationDetectionOutput',
  'InsulationDetectionStop',
  'Precharge',
  'Charging',
];

/** Unix milliseconds of a GOOSE time, of which the fraction was rounded down. */
function unixMs(timestamp: string): number {
  const bytes = Buffer.from(timestamp, 'hex');
  return bytes.readUInt32BE(0) * 1000 + Math.ceil((bytes.readUIntBE(4, 3) * 1000) / 2 ** 24);
}

describe('frames of the driver', () => {
  const samples = frames.filter(
    ({ fields, stNum, sqNum }) =>
      fields.kind !== 'PowerRequestReply' && (fields.mode ?? 2) === 2 && stNum < 100 && sqNum < 10,
  );

  it('are compared with all samples that a driver can send', () => {
    expect(samples).to.have.lengthOf(8);
  });

  for (const { name, stNum, sqNum, timestamp, fields, plain, secure } of samples)
    for (const signed of [true, false])
      it(`have the bytes of the reference: ${name}, reason ${fields.reason ?? '-'}, ${signed ? 'signed' : 'plain'}`, async () => {
        const clock = new VirtualClock(unixMs(timestamp));
        const sent: Buffer[] = [];
        const stream = new DemandStream({
          link: {
            mac: MacAddress.parse('020000000001'),
            send: (frame) => void sent.push(Buffer.from(frame)),
          },
          clock,
          secure: signed,
          globalNumber: fields.connector,
        });
        stream.setKey(Buffer.from(hmac_key, 'hex'));
        stream.setDestination(MacAddress.parse('020000000002'));
        const demand = fields.kind === 'ShutdownRequest' ? 'Stop' : DEMANDS[fields.type!]!;
        const send = (): void =>
          stream.send(
            demand,
            { voltage: fields.voltage ?? 0, current: fields.current ?? 0 },
            fields.reason ?? 0,
          );
        for (let former = 1; former < stNum; former++) stream.send('Stop', NO_POWER, 0x1000);
        sent.length = 0;
        send();
        await clock.advance([0, 2, 4, 8, 16, 1016][sqNum]!);
        stream.close();
        expect(sent).to.have.lengthOf(sqNum + 1);
        expect(sent.at(-1)!.toString('hex')).to.equal(signed ? secure : plain);
      });
});
