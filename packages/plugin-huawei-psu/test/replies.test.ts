// SPDX-License-Identifier: Apache-2.0
import { GooseKey, MacAddress } from '@carabiner/goose';
import type { PowerRequest } from '@carabiner/goose/fusioncharge';
import { expect } from 'chai';
import { bsp, plugIn, startCharger, untilReady, type Charger } from './bench-charger.js';

const WARNING = 'power_supply_DC/VendorWarning';
const FAILED = 'module_placeholder_allocation_failed';

/** A charger that waits for modules, with a power unit that does not answer. */
async function waiting(options: Parameters<typeof startCharger>[0] = {}): Promise<Charger> {
  const charger = await startCharger({
    ...options,
    prepare: async (unit) => {
      unit.script.answer = 'none';
      await options.prepare?.(unit);
    },
  });
  await untilReady(charger);
  bsp(charger, 'B');
  await charger.until(
    () => charger.unit.last()?.kind === 'request' && charger.unit.statuses.get(1)?.at(-1) === 8,
    10_000,
    'modules are asked for',
  );
  return charger;
}

const askedForPrecharge = ({ unit }: Charger): boolean => {
  const last = unit.last();
  return last?.kind === 'request' && last.requirement === 4;
};

/** Waits until the driver has taken its modules as allocated: only then it goes on to the next phase. */
async function untilAllocated(charger: Charger): Promise<void> {
  await charger.driver.provides.connector_1.call.setMode({ mode: 'Export', phase: 'PreCharge' });
  await charger.until(() => askedForPrecharge(charger), 1000, 'modules count as allocated');
  const { errors } = charger.driver.provides.connector_1;
  expect(errors.isActive(WARNING, FAILED), 'by a reply, and not because nobody answered').to.equal(false);
}

/** Makes sure that the driver has not taken its modules as allocated. */
async function expectNotAllocated(charger: Charger): Promise<void> {
  await charger.driver.provides.connector_1.call.setMode({ mode: 'Export', phase: 'PreCharge' });
  await charger.driver.advance(300);
  expect(askedForPrecharge(charger)).to.equal(false);
}

function answerOf({ unit }: Charger, success = true): Buffer {
  const { message, frame } = unit.heard.at(-1)!;
  return unit.replyTo(message as PowerRequest, frame, success);
}

describe('replies of the power unit', () => {
  it('count at once, before anything else happens', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    await plugIn(charger);
    await untilAllocated(charger);
    expect(charger.driver.provides.connector_1.errors.active).to.deep.equal([]);
  });

  it('that refuse are told as a warning, until the session ends', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    charger.unit.script.answer = 'failure';
    bsp(charger, 'B');
    const { errors } = charger.driver.provides.connector_1;
    await charger.until(() => errors.isActive(WARNING, FAILED), 10_000, 'warning raised');
    expect(errors.active).to.have.lengthOf(1);
    expect(errors.active[0]).to.include({ severity: 'High', message: '' });
    bsp(charger, 'A');
    await charger.until(() => !errors.isActive(WARNING, FAILED), 1000, 'warning cleared');
  });

  it('that stay away are told after the configured time', async () => {
    const charger = await waiting({ config: { module_placeholder_allocation_timeout_s: 2 } });
    const { errors } = charger.driver.provides.connector_1;
    const ms = await charger.until(() => errors.isActive(WARNING, FAILED), 4000, 'warning raised');
    expect(ms).to.be.greaterThan(1000);
  });

  const forgeries: [string, (frame: Buffer, charger: Charger) => Buffer][] = [
    ['of another sender', (frame) => (MacAddress.parse('02:00:00:00:0b:ad').bytes.copy(frame, 6), frame)],
    ['to another receiver', (frame) => (MacAddress.parse('02:00:00:00:0b:ad').bytes.copy(frame, 0), frame)],
    [
      'signed with another key',
      (_frame, { unit }) => {
        const key = unit.keys.get(5)!;
        unit.keys.set(5, GooseKey.random());
        const { message, frame } = unit.heard.at(-1)!;
        const forged = unit.replyTo(message as PowerRequest, frame, true);
        unit.keys.set(5, key);
        return forged;
      },
    ],
    [
      'without signature',
      (_frame, { unit }) => {
        unit.script.signReplies = false;
        const { message, frame } = unit.heard.at(-1)!;
        return unit.replyTo(message as PowerRequest, frame, true);
      },
    ],
    [
      'for another connector',
      (_frame, { unit }) => {
        const { message, frame } = unit.heard.at(-1)!;
        unit.keys.set(9, unit.keys.get(5)!);
        return unit.replyTo({ ...(message as PowerRequest), connector: 9 }, frame, true);
      },
    ],
    [
      'to another request',
      (_frame, { unit }) => {
        const { message, frame } = unit.heard.at(-1)!;
        return unit.replyTo({ ...(message as PowerRequest), requirement: 5 }, frame, true);
      },
    ],
  ];
  for (const [what, forge] of forgeries)
    it(`${what} do not count, and the right one does after them`, async () => {
      const charger = await waiting();
      const { unit } = charger;
      unit.send(forge(answerOf(charger), charger));
      await expectNotAllocated(charger);
      unit.script.signReplies = true;
      unit.send(answerOf(charger));
      await untilAllocated(charger);
    });

  it('do not count when any single bit is changed', async function () {
    this.timeout(20_000);
    const charger = await waiting({ config: { module_placeholder_allocation_timeout_s: 600 } });
    const { unit, driver } = charger;
    const frame = answerOf(charger);
    let dropped = 0;
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const tagBits = bit >= 96 && bit < 128;
      if (tagBits) continue; // the VLAN tag may be taken off or changed on the way
      const forged = Buffer.from(frame);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      unit.send(forged);
      dropped += 1;
    }
    await driver.settle();
    expect(dropped).to.be.greaterThan(1500);
    await expectNotAllocated(charger);
    unit.send(frame);
    await untilAllocated(charger);
  });

  it('of a former session do not count in the next', async () => {
    const charger = await waiting();
    const { unit, until } = charger;
    const old = answerOf(charger);
    bsp(charger, 'A');
    await until(() => unit.statuses.get(1)?.at(-1) === 0, 2000, 'unplugged');
    bsp(charger, 'B');
    await until(() => unit.statuses.get(1)?.at(-1) === 8, 5000, 'asking again');
    unit.send(old);
    await expectNotAllocated(charger);
  });

  it('without signature count where the configuration says so', async () => {
    const charger = await startCharger({
      config: { send_secure_goose: false, verify_secure_goose: false, allow_insecure_goose: true },
      prepare: (unit) => void (unit.script.signReplies = false),
    });
    await untilReady(charger);
    await plugIn(charger);
    await untilAllocated(charger);
    expect(charger.unit.heard.every(({ frame }) => !frame.secure)).to.equal(true);
  });

  it('without signature do not count when only the check of the signature is off', async () => {
    const charger = await waiting({ config: { verify_secure_goose: false } });
    const { unit } = charger;
    unit.script.signReplies = false;
    unit.send(answerOf(charger));
    await expectNotAllocated(charger);
    unit.script.signReplies = true;
    unit.keys.set(5, GooseKey.random());
    unit.send(answerOf(charger));
    await untilAllocated(charger);
  });
});

describe('demands on the wire', () => {
  it('go to the power unit, tagged with priority 5, numbered without a gap', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    await plugIn(charger);
    const frames = charger.unit.heard.map(({ frame }) => frame);
    expect(frames.every(({ vlan }) => vlan?.priority === 5 && vlan.id === 0)).to.equal(true);
    expect(frames.every(({ pdu }) => pdu.timeAllowedToLive === 10_000 && pdu.confRev === 1)).to.equal(true);
    const numbers = frames.map(({ pdu }) => pdu.stNum);
    expect(numbers[0]).to.equal(1);
    expect(numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)).to.equal(true);
  });

  it('go nowhere before the power unit has told its address, and to it at once afterwards', async () => {
    const charger = await startCharger({
      config: { send_secure_goose: false, verify_secure_goose: false, allow_insecure_goose: true },
      // No key and no answer either: each would lead to a demand of its own.
      prepare: ({ script }) =>
        void Object.assign(script, { announce: false, writeKeys: false, answer: 'none' } satisfies Partial<
          typeof script
        >),
    });
    const { driver, unit, until } = charger;
    await until(() => unit.connection !== undefined, 5000, 'connected');
    bsp(charger, 'B');
    await until(() => unit.heard.length > 0, 1000, 'a demand');
    await driver.advance(500);
    const destination = (): string | undefined => unit.heard.at(-1)?.frame.destination.toString();
    expect(destination()).to.equal('00:00:00:00:00:00');
    const before = unit.heard.length;
    await unit.connection!.writeRegisters(0x2111, unit.mac);
    await until(() => unit.heard.length > before, 1000, 'made again');
    await driver.advance(500);
    expect(unit.heard).to.have.lengthOf(before + 1);
    expect(destination()).to.equal(MacAddress.from(unit.mac).toString());
  });

  it('are not renewed each time the power unit writes the address it has', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    const { unit, driver } = charger;
    const before = unit.heard.length;
    for (let round = 0; round < 3; round++) await unit.announce();
    await driver.advance(100);
    expect(unit.heard).to.have.lengthOf(before);
  });

  it('use a key that came in pieces once it is whole', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    const { unit, until } = charger;
    unit.script.writeKeys = false;
    bsp(charger, 'B');
    await until(() => unit.statuses.get(1)?.at(-1) === 1, 2000, 'key asked for');
    const key = GooseKey.random();
    unit.keys.set(5, key);
    await unit.connection!.writeRegisters(0x2115, key.reveal().subarray(0, 20));
    await unit.connection!.writeRegisters(0x2115 + 10, key.reveal().subarray(20));
    await until(
      () => unit.heard.at(-1)!.verified && unit.last()!.kind === 'request',
      1000,
      'signed with the whole key',
    );
    await untilAllocated(charger);
  });

  it('never show the key, nor does the log', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    await plugIn(charger);
    charger.unit.connection!.destroy();
    await charger.driver.advance(500);
    const log = JSON.stringify(charger.driver.logLines);
    expect(log.length).to.be.greaterThan(100);
    for (const key of charger.unit.keys.values()) {
      expect(log).to.not.contain(key.reveal().toString('hex'));
      expect(log).to.not.contain(key.reveal().toString('base64'));
    }
  });
});
