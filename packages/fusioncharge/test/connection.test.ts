// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import {
  connectorRegisters,
  decodeReport,
  dispenserRegisters,
  DispenserConnection,
  encodeAdu,
  encodeReport,
  FusionChargeError,
  ModbusExceptionError,
  openDispenserSocket,
  portRegisters,
  PowerUnitConnection,
  powerUnitRegisters,
  PowerUnitServer,
  RegisterBank,
  RunningMode,
  type UnsolicitedReport,
} from '@carabiner/fusioncharge';
import { expect } from 'chai';
import fc from 'fast-check';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connectPair, connectSockets, readBytes } from './loopback.js';

const READ_STATUS = Buffer.from('03110b0001', 'hex');

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => expect.fail('did not reject'),
    (error: unknown) => error,
  );
}

/** A dispenser on one end of a raw connection. */
async function rawDispenser(
  clock = new VirtualClock(),
): Promise<{ bank: RegisterBank; dispenser: DispenserConnection; peer: Socket }> {
  const { near, far } = await connectSockets();
  const bank = new RegisterBank(1);
  return {
    bank,
    dispenser: new DispenserConnection(near, bank, { clock, silenceTimeoutMs: 5000 }),
    peer: far,
  };
}

describe('connection between dispenser and power unit', () => {
  it('carries typed values both ways', async () => {
    const { bank, powerUnit } = await connectPair();
    bank.set(dispenserRegisters.esn, 'ESN-1');
    bank.set(connectorRegisters.outputVoltage, 398.5, 2);
    expect(await powerUnit.read(dispenserRegisters.esn)).to.equal('ESN-1');
    expect(await powerUnit.read(connectorRegisters.outputVoltage, 2)).to.equal(398.5);

    const written: [string, unknown, number][] = [];
    bank.onWrite(powerUnitRegisters.runningMode, (value, connector) =>
      written.push(['mode', value, connector]),
    );
    bank.onWrite(portRegisters.maxCurrent, (value, connector) => written.push(['current', value, connector]));
    await powerUnit.write(powerUnitRegisters.runningMode, RunningMode.RUNNING);
    await powerUnit.write(portRegisters.maxCurrent, 100, 2);
    expect(written).to.deep.equal([
      ['mode', 1, 1],
      ['current', 100, 2],
    ]);
    expect(bank.get(portRegisters.maxCurrent, 2)).to.equal(100);
  });

  it('answers many requests at once, each to its own', async () => {
    const { bank, powerUnit } = await connectPair();
    for (let address = 0; address < 24; address++)
      bank.write(0x0103 + address, Buffer.from([1, 65 + address]));
    const answers = await Promise.all(
      Array.from(
        { length: 600 },
        async (_, index) => (await powerUnit.readRegisters(0x0103 + (index % 24), 1))[1],
      ),
    );
    expect(answers).to.deep.equal(Array.from({ length: 600 }, (_, index) => 65 + (index % 24)));
  });

  it('counts transactions from 0 over 16 bits, whatever the client library does', async () => {
    const { near, far } = await connectSockets();
    const powerUnit = new PowerUnitConnection(near);
    for (const expected of [0, 1, 2]) {
      const answer = powerUnit.readRegisters(0, 1);
      const request = await readBytes(far, 12);
      expect(request.readUInt16BE(0)).to.equal(expected);
      far.write(encodeAdu(expected, 255, Buffer.from('03020007', 'hex')));
      expect((await answer).toString('hex')).to.equal('0007');
    }
  });

  it('reports after a second, then each second, and at once when told to', async () => {
    const clock = new VirtualClock();
    const { dispenser, bank, powerUnit } = await connectPair({ clock });
    const reports: UnsolicitedReport[] = [];
    powerUnit.on('report', (report) => reports.push(report));
    const next = async (): Promise<unknown> => await once(powerUnit, 'report');

    dispenser.reportNow();
    await clock.advance(999);
    expect(reports, 'the first second is never cut short').to.have.lengthOf(0);
    await Promise.all([next(), clock.advance(1)]);
    await clock.advance(300);
    bank.set(dispenserRegisters.doorStatusAlarm, 1);
    dispenser.chargingEvent(2, 1);
    dispenser.reportNow();
    await next();
    expect(reports).to.have.lengthOf(2);
    const segments = reports[1]!.devices[0]!.segments;
    expect(segments.find(({ address }) => address === 0x3001)!.data.toString('hex')).to.equal(
      '0001000000000000',
    );
    expect(segments.find(({ address }) => address === 0x1d7e)!.data.toString('hex')).to.equal('0001');
    await clock.advance(999);
    expect(reports, 'the next one a second after that').to.have.lengthOf(2);
    await Promise.all([next(), clock.advance(1)]);
    expect(reports[2]!.devices[0]!.segments.some(({ address }) => address === 0x1d7e)).to.equal(false);
  });

  it('reports what a write brought about after its answer', async () => {
    const clock = new VirtualClock();
    const { bank, dispenser, peer } = await rawDispenser(clock);
    await clock.advance(1000);
    await readBytes(peer, 7);
    bank.onWrite(portRegisters.hmacKey, () => {
      bank.set(connectorRegisters.workingStatus, 8);
      dispenser.reportNow();
      dispenser.reportNow();
    });
    peer.write(encodeAdu(1, 255, Buffer.concat([Buffer.from('102115001830', 'hex'), Buffer.alloc(48, 7)])));
    const data = await readBytes(peer, 12 + 20);
    expect(data.subarray(0, 12).toString('hex')).to.equal('000100000006ff1021150018');
    const report = decodeReport(data.subarray(12 + 7));
    expect(
      report.devices[0]!.segments.find(({ address }) => address === 0x110b)!.data.readUInt16BE(0),
    ).to.equal(8);
    expect(data.readUInt16BE(12), 'transaction ids of reports').to.equal(1);
  });

  it('answers a report that requires it', async () => {
    const { near, far } = await connectSockets();
    new PowerUnitConnection(near);
    far.write(encodeAdu(77, 0, encodeReport({ responseRequired: true, devices: [] })));
    expect((await readBytes(far, 13)).toString('hex')).to.equal(
      '004d' + '0000' + '0007' + '00' + '419100010000',
    );
  });

  it('turns exceptions into errors', async () => {
    const { near, far } = await connectSockets();
    const powerUnit = new PowerUnitConnection(near);
    const failed = rejection(powerUnit.readRegisters(0, 1));
    await readBytes(far, 12);
    far.write(encodeAdu(0, 255, Buffer.from('8304', 'hex')));
    expect(await failed)
      .to.be.instanceOf(ModbusExceptionError)
      .and.include({ functionCode: 3, exceptionCode: 4 });
  });

  it('answers 4 when a write cannot be carried out, and goes on', async () => {
    const { bank, powerUnit } = await connectPair();
    bank.onWrite(powerUnitRegisters.runningMode, () => {
      throw new Error('out of order');
    });
    expect(await rejection(powerUnit.write(powerUnitRegisters.runningMode, 1))).to.include({
      exceptionCode: 4,
    });
    expect(await powerUnit.read(powerUnitRegisters.runningMode)).to.equal(1);
  });

  it('ignores answers that belong to no request', async () => {
    const { near, far } = await connectSockets();
    const powerUnit = new PowerUnitConnection(near);
    const answer = powerUnit.readRegisters(0, 1);
    await readBytes(far, 12);
    const pdu = Buffer.from('03020001', 'hex');
    far.write(encodeAdu(5, 255, pdu));
    far.write(encodeAdu(0, 1, pdu));
    far.write(encodeAdu(0, 255, pdu, 1));
    far.write(encodeAdu(0, 255, Buffer.from('0611150001', 'hex')));
    far.write(encodeAdu(0, 255, Buffer.from('03020002', 'hex')));
    expect((await answer).toString('hex')).to.equal('0002');
    expect(powerUnit.unmatched).to.equal(4);
  });

  it('gives up a request that is not answered', async () => {
    const clock = new VirtualClock();
    const { near } = await connectSockets();
    const powerUnit = new PowerUnitConnection(near, { clock });
    const failed = rejection(powerUnit.readRegisters(0, 1));
    await clock.advance(5000);
    expect(await failed)
      .to.be.instanceOf(FusionChargeError)
      .and.have.property('code', 'FUSIONCHARGE_TIMEOUT');
  });

  it('rejects what waits when the connection goes', async () => {
    const { near, far } = await connectSockets();
    const powerUnit = new PowerUnitConnection(near);
    const waiting = [rejection(powerUnit.readRegisters(0, 1)), rejection(powerUnit.writeRegister(0x2006, 1))];
    far.destroy();
    for (const error of await Promise.all(waiting))
      expect(error).to.have.property('code', 'FUSIONCHARGE_CLOSED');
    expect(await rejection(powerUnit.readRegisters(0, 1))).to.have.property('code', 'FUSIONCHARGE_CLOSED');
  });

  it('gives up a power unit that is silent, also in the middle of a message', async () => {
    const clock = new VirtualClock();
    const { dispenser, peer } = await rawDispenser(clock);
    let reason: FusionChargeError | undefined;
    dispenser.on('close', (why) => (reason = why));
    await clock.advance(4000);
    peer.write(encodeAdu(1, 255, READ_STATUS));
    await readBytes(peer, 11);
    await clock.advance(4000);
    expect(dispenser.isOpen, 'a message re-arms the watchdog').to.equal(true);
    peer.write(encodeAdu(2, 255, READ_STATUS).subarray(0, 9));
    await clock.advance(1000);
    expect(dispenser.isOpen).to.equal(false);
    expect(reason).to.have.property('code', 'FUSIONCHARGE_TIMEOUT');
  });

  it('closes with FIN and not with a reset, even if data is left unread', async () => {
    const { dispenser, peer } = await rawDispenser();
    peer.write(encodeAdu(1, 255, READ_STATUS));
    dispenser.close();
    peer.resume();
    await once(peer, 'end');
  });

  it('tells once why the connection went', async () => {
    const { dispenser, peer } = await rawDispenser();
    const reasons: unknown[] = [];
    dispenser.on('close', (reason) => reasons.push(reason?.code));
    peer.end();
    await once(dispenser, 'close');
    dispenser.close();
    expect(reasons).to.deep.equal(['FUSIONCHARGE_CLOSED']);
  });

  it('does not keep answers for a peer that never reads', async () => {
    const { dispenser, peer } = await rawDispenser();
    const requests = Buffer.concat(
      Array.from({ length: 4000 }, () => encodeAdu(1, 255, Buffer.from('030000007d', 'hex'))),
    );
    peer.pause();
    let accepted = true;
    for (let round = 0; round < 200 && accepted; round++) {
      accepted = peer.write(requests);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(accepted, 'it stopped to read').to.equal(false);
    peer.resume();
    await once(peer, 'data');
    expect(dispenser.isOpen).to.equal(true);
  });

  it('is refused with the reason when nobody listens, and can be given up', async () => {
    const { port } = await PowerUnitServer.listen({
      port: 0,
      host: '127.0.0.1',
      onConnection: () => undefined,
    }).then(async (server) => {
      const { port } = server;
      await server.close();
      return { port };
    });
    const refused = await rejection(openDispenserSocket({ host: '127.0.0.1', port }));
    expect(refused).to.have.property('code', 'FUSIONCHARGE_CONNECT');
    expect(String(refused)).to.contain(`127.0.0.1:${port}`).and.contain('ECONNREFUSED');
    expect(
      await rejection(openDispenserSocket({ host: '127.0.0.1', port, signal: AbortSignal.abort() })),
    ).to.have.property('code', 'FUSIONCHARGE_CONNECT');
  });
});

describe('fuzzed bytes', function () {
  this.timeout(20_000);

  it('never stall or crash the dispenser', async () => {
    const { bank, peer } = await rawDispenser();
    bank.set(connectorRegisters.workingStatus, 3);
    let received = Buffer.alloc(0);
    peer.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
    const pdu = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc
        .record({ fn: fc.constantFrom(3, 6, 16, 0x41, 0x83), body: fc.uint8Array({ maxLength: 20 }) })
        .map(({ fn, body }) => Uint8Array.from([fn, ...body])),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pdu, { maxLength: 10 }), async (pdus) => {
        received = Buffer.alloc(0);
        const stream = pdus.map((bytes) => encodeAdu(0x1111, 0x22, bytes));
        const marker = encodeAdu(0xabcd, 0xff, READ_STATUS);
        peer.write(Buffer.concat([...stream, marker]));
        while (received.length < 11 || received.readUInt16BE(received.length - 11) !== 0xabcd)
          await once(peer, 'data');
      }),
      { numRuns: 200 },
    );
  });

  it('never stall or crash the power unit', async () => {
    const { near, far } = await connectSockets();
    const powerUnit = new PowerUnitConnection(near);
    let id = 0;
    const pdu = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc
        .record({
          fn: fc.constantFrom(3, 0x83, 0x41),
          sub: fc.constantFrom(0x91, 0),
          body: fc.uint8Array({ maxLength: 40 }),
        })
        .map(({ fn, sub, body }) => Uint8Array.from([fn, sub, ...body])),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(pdu, fc.nat(0xffff)), { maxLength: 10 }), async (messages) => {
        const answer = powerUnit.readRegisters(0x110b, 1);
        await readBytes(far, 12);
        for (const [bytes, transaction] of messages)
          if (transaction !== id) far.write(encodeAdu(transaction, 255, bytes));
        far.write(encodeAdu(id, 255, Buffer.from('03020003', 'hex')));
        id += 1;
        expect((await answer).toString('hex')).to.equal('0003');
      }),
      { numRuns: 200 },
    );
  });
});
