// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  ERROR_REGISTERS,
  PortAvailability,
  portRegisters,
  powerUnitRegisters,
  RunningMode,
} from '@carabiner/fusioncharge';
import { FaultError, FAULTS, FaultSet } from '@carabiner/plugin-mock-psu';
import { VirtualClock } from '@carabiner/clock/virtual';
import { parseFaultArgument, parseFaultMessage } from '../dist/faults/fault-messages.js';
import { makeBench, type Bench } from './bench.js';
import type { TestDispenser } from './dispenser.js';

describe('faults', () => {
  let bench: Bench;
  let dispenser: TestDispenser;
  const allocated = () => dispenser.situation().state === 'Running';

  beforeEach(async () => {
    bench = await makeBench();
    dispenser = await bench.dispenser({ connectors: [5, 6] });
    await bench.until(
      () => dispenser.bank.get(portRegisters.available, 2) === PortAvailability.AVAILABLE,
      'the ratings',
    );
  });
  afterEach(async () => bench.close());

  it('drop_connection cuts the connection, once or for a while', async () => {
    const { faults } = bench.mock;
    faults.inject({ name: 'drop_connection' });
    await bench.until(() => dispenser.closed, 'the cut');
    expect(faults.active).to.deep.equal([]);
    await dispenser.connect();
    faults.inject({ name: 'drop_connection', durationS: 3 });
    await bench.until(() => dispenser.closed, 'the second cut');
    await dispenser.connect().catch(() => undefined);
    await bench.until(() => dispenser.closed, 'the refusal');
    await bench.pass(3000);
    await dispenser.connect();
    await bench.until(() => bench.mock.dispensers === 1, 'the connection');
  });

  it('stall makes it silent on both protocols and goes on afterwards', async () => {
    bench.mock.faults.inject({ name: 'stall' });
    await bench.pass(50);
    const energy = dispenser.bank.get(powerUnitRegisters.totalAcInputEnergy);
    dispenser.event('carConnected');
    await bench.pass(12_000);
    expect(dispenser.bank.get(powerUnitRegisters.totalAcInputEnergy)).to.equal(energy);
    expect(dispenser.keys.size).to.equal(0);
    expect(dispenser.closed).to.equal(false);
    bench.mock.faults.clear('stall');
    await bench.until(allocated, 'the allocation');
    await bench.until(() => dispenser.bank.get(powerUnitRegisters.totalAcInputEnergy) > energy, 'a round');
  });

  it('placeholder answers can be withheld, late or refusals, for one connector', async () => {
    const { faults } = bench.mock;
    faults.inject({ name: 'placeholder_withhold', connector: 5 });
    faults.inject({ name: 'placeholder_delay', connector: 6, value: 2 });
    dispenser.event('carConnected', 1);
    dispenser.event('carConnected', 2);
    await bench.until(() => dispenser.situation(2).state === 'ConnectedNoAllocation', 'the key');
    await bench.pass(1800);
    expect(dispenser.replies).to.deep.equal([]);
    await bench.until(() => dispenser.situation(2).state === 'Running', 'the late allocation', 500);
    await bench.pass(3000);
    expect(dispenser.replies.every(({ connector }) => connector === 6)).to.equal(true);
    faults.clear();
    faults.inject({ name: 'placeholder_refuse' });
    await bench.until(() => dispenser.replies.some(({ connector }) => connector === 5), 'the refusal');
    expect(dispenser.replies.find(({ connector }) => connector === 5)!.success).to.equal(false);
  });

  it('wrong_hmac and replay give replies that a careful dispenser refuses', async () => {
    const { faults } = bench.mock;
    faults.inject({ name: 'wrong_hmac', durationS: 4 });
    dispenser.event('carConnected');
    await bench.until(
      () => dispenser.rejections.some(({ reason }) => reason === 'hmac'),
      'a wrong signature',
    );
    expect(dispenser.replies).to.deep.equal([]);
    await bench.until(allocated, 'the allocation after the fault');

    dispenser.event('carDisconnected');
    await bench.pass(1500);
    const count = dispenser.replies.length;
    faults.inject({ name: 'replay', connector: 5 });
    dispenser.event('carConnected');
    await bench.until(() => dispenser.rejections.some(({ reason }) => reason !== 'hmac'), 'a replayed frame');
    await bench.pass(1500);
    expect(dispenser.replies).to.have.length(count);
    faults.clear();
    await bench.until(allocated, 'the allocation after the replay');
  });

  it('key_withhold keeps a connector waiting', async () => {
    bench.mock.faults.inject({ name: 'key_withhold', connector: 5 });
    dispenser.event('carConnected', 1);
    dispenser.event('carConnected', 2);
    await bench.until(() => dispenser.situation(2).state === 'Running', 'the other connector');
    await bench.pass(3000);
    expect(dispenser.situation(1).state).to.equal('NoKeyYet');
    bench.mock.faults.clear();
    await bench.until(allocated, 'the allocation');
  });

  it('error_register reports each error, its change and its end', async () => {
    const { faults } = bench.mock;
    for (const { register, category, subcategory, kind } of ERROR_REGISTERS) {
      const value = kind === 'alarm' ? 1 : 0x80;
      faults.inject({ name: 'error_register', target: `${category}/${subcategory}`, value });
      await bench.until(() => dispenser.bank.get(register) === value, register.name);
    }
    faults.inject({ name: 'error_register', target: 'CoolingSection/CoolingUnit1', value: 0xdeadbeef });
    await bench.until(
      () =>
        dispenser.bank.get(ERROR_REGISTERS.find((e) => e.category === 'CoolingSection')!.register) ===
        0xdeadbeef,
      'the change',
    );
    faults.clear('error_register');
    await bench.until(
      () => ERROR_REGISTERS.every(({ register }) => dispenser.bank.get(register) === 0),
      'the end',
    );
    faults.inject({ name: 'error_register', target: '0x4004' });
    await bench.until(() => dispenser.bank.get(ERROR_REGISTERS[4]!.register) === 1, 'the error by address');
  });

  it('error_register is told to a dispenser that connects later, and ends for one that was gone', async () => {
    bench.mock.faults.inject({ name: 'error_register', target: 'PowerUnit/Epo' });
    const later = await bench.dispenser({ connectors: [9] });
    await bench.until(() => later.bank.get(ERROR_REGISTERS[4]!.register) === 1, 'the error');
  });

  it('port_unavailable, capabilities and running mode are reported at once and act on the output', async () => {
    const { faults, unit } = bench.mock;
    const charge = async (): Promise<void> => {
      dispenser.phase('ExportCharging', 1, { voltage: 400, current: 100 });
      await bench.until(() => unit.state(5).currentA === 100, 'the current');
    };
    dispenser.event('carConnected');
    await bench.until(allocated, 'the allocation');
    await charge();

    faults.inject({ name: 'capabilities_derate', connector: 5, value: 0.25 });
    await bench.until(() => dispenser.bank.get(portRegisters.maxCurrent, 1) === 25, 'the lower current', 100);
    await bench.until(() => dispenser.bank.get(portRegisters.ratedPower, 1) === 15, 'the lower power', 100);
    expect(unit.state(5).currentA).to.equal(25);
    expect(dispenser.bank.get(portRegisters.maxCurrent, 2)).to.equal(100);
    faults.clear();
    await bench.until(() => dispenser.bank.get(portRegisters.ratedPower, 1) === 60, 'the full power', 100);

    faults.inject({ name: 'port_unavailable', connector: 5 });
    await bench.until(() => dispenser.bank.get(portRegisters.available, 1) === 0, 'the port', 100);
    expect(unit.state(5).enabled).to.equal(false);
    expect(dispenser.bank.get(portRegisters.available, 2)).to.equal(1);
    faults.clear();
    await charge();

    faults.inject({ name: 'running_mode' });
    await bench.until(
      () => dispenser.bank.get(powerUnitRegisters.runningMode) === RunningMode.FAULTY,
      'the mode',
      100,
    );
    expect(unit.state(5).enabled).to.equal(false);
    faults.clear();
    faults.inject({ name: 'running_mode', target: 'SLEEPING' });
    await bench.until(
      () => dispenser.bank.get(powerUnitRegisters.runningMode) === RunningMode.SLEEPING,
      'the other mode',
      100,
    );
    faults.clear();
    await bench.until(() => dispenser.bank.get(powerUnitRegisters.runningMode) === 1, 'RUNNING', 100);

    faults.inject({ name: 'capabilities_withhold', connector: 5 });
    await bench.until(() => dispenser.bank.get(portRegisters.ratedPower, 1) === 0, 'no ratings', 100);
    faults.clear();
    await bench.until(() => dispenser.bank.get(portRegisters.ratedPower, 1) === 60, 'the ratings', 100);
  });

  it('capabilities_withhold keeps the ratings from a dispenser that connects', async () => {
    bench.mock.faults.inject({ name: 'capabilities_withhold' });
    const later = await bench.dispenser({ connectors: [9] });
    await bench.pass(11_000);
    expect(later.bank.written(portRegisters.maxCurrent)).to.equal(false);
    bench.mock.faults.clear();
    await bench.until(() => later.bank.get(portRegisters.maxCurrent) === 100, 'the ratings');
  });

  it('half_written_registers writes keys in two halves', async () => {
    bench.mock.faults.inject({ name: 'half_written_registers' });
    dispenser.event('carConnected');
    await bench.until(() => dispenser.keys.get(1)?.length === 2, 'two writes');
    const [half, whole] = dispenser.keys.get(1)!;
    expect(half!.subarray(24).every((byte) => byte === 0)).to.equal(true);
    expect(whole!.subarray(0, 24).equals(half!.subarray(0, 24))).to.equal(true);
    expect(whole!.subarray(24).some((byte) => byte !== 0)).to.equal(true);
    // A dispenser that takes the half for the whole has begun to sign with it by then.
    expect(bench.mock.statistics.get(dispenser.mac)!.rejected.hmac).to.be.greaterThan(0);
  });

  it('an output is switched off when its dispenser is no longer heard', async () => {
    dispenser.event('carConnected');
    await bench.until(allocated, 'the allocation');
    dispenser.phase('ExportCharging', 1, { voltage: 400, current: 10 });
    await bench.until(() => bench.mock.unit.state(5).currentA === 10, 'the current');
    dispenser.silence();
    await bench.pass(9900);
    expect(bench.mock.unit.state(5).enabled).to.equal(true);
    await bench.pass(200);
    expect(bench.mock.unit.state(5).enabled).to.equal(false);
  });

  it('frames that are replayed to it, or not signed, change nothing', async () => {
    const { unit } = bench.mock;
    dispenser.event('carConnected');
    await bench.until(allocated, 'the allocation');
    dispenser.phase('ExportCharging', 1, { voltage: 400, current: 10 });
    await bench.until(() => unit.state(5).currentA === 10, 'the current');
    const charging = dispenser.lastFrame();
    dispenser.phase('Off');
    await bench.until(() => !unit.state(5).enabled, 'the stop');
    const plain = Buffer.from(charging.subarray(0, charging.length - 35));
    plain.fill(0, 22, 26);
    const seen: string[] = [];
    bench.mock.on('rejected', ({ reason }) => seen.push(reason));
    dispenser.sendRaw(charging);
    dispenser.sendRaw(plain);
    await bench.pass(50);
    expect(seen).to.deep.equal(['stale', 'plain']);
    expect(unit.state(5).enabled).to.equal(false);
  });
});

describe('fault requests', () => {
  const set = () => new FaultSet(new VirtualClock());

  it('are checked, with an error that says what there is', () => {
    const bad = [
      [{ name: 'explode' }, 'drop_connection'],
      [{ name: 'stall', connector: 5 }, 'whole power unit'],
      [{ name: 'stall', value: 1 }, 'no value'],
      [{ name: 'stall', target: 'x' }, 'no target'],
      [{ name: 'stall', durationS: -1 }, 'duration'],
      [{ name: 'capabilities_derate', value: 1.5 }, '0..1'],
      [{ name: 'placeholder_delay', value: NaN }, '0..3600'],
      [{ name: 'error_register' }, 'Category/Subcategory'],
      [{ name: 'error_register', target: '0x5000' }, 'Category/Subcategory'],
      [{ name: 'running_mode', target: 'ASLEEP' }, 'mode'],
      [{ name: 'toString' }, 'drop_connection'],
    ] as const;
    for (const [request, text] of bad)
      expect(() => set().inject(request), JSON.stringify(request))
        .to.throw(FaultError)
        .with.property('message')
        .that.contains(text);
  });

  it('replace the same fault, end by themselves and tell of each change', async () => {
    const clock = new VirtualClock();
    const faults = new FaultSet(clock);
    const seen: number[] = [];
    faults.onChange((active) => seen.push(active.length));
    faults.inject({ name: 'placeholder_delay', value: 1 });
    faults.inject({ name: 'placeholder_delay', value: 2, durationS: 10 });
    faults.inject({ name: 'placeholder_delay', connector: 5 });
    expect(faults.find('placeholder_delay', 5)!.value).to.equal(2);
    expect(faults.find('placeholder_delay')!.value).to.equal(2);
    await clock.advance(10_000);
    expect(faults.active).to.deep.equal([{ name: 'placeholder_delay', connector: 5, value: 1 }]);
    expect(faults.find('placeholder_delay', 6)).to.equal(undefined);
    faults.clear('stall');
    faults.clear();
    expect(seen).to.deep.equal([1, 1, 2, 1, 0]);
    expect(clock.pending).to.equal(0);
  });

  it('come from a command line', () => {
    expect(parseFaultArgument('stall')).to.deep.equal({ request: { name: 'stall' }, afterS: 0 });
    expect(parseFaultArgument('capabilities_derate=0.5,connector=5,after=30,for=10')).to.deep.equal({
      request: { name: 'capabilities_derate', value: 0.5, connector: 5, durationS: 10 },
      afterS: 30,
    });
    expect(parseFaultArgument('error_register=3,target=AcBranch/AcBranch1').request).to.deep.equal({
      name: 'error_register',
      value: 3,
      target: 'AcBranch/AcBranch1',
    });
    for (const text of ['stall,when=3', 'stall,after=', 'placeholder_delay=soon'])
      expect(() => parseFaultArgument(text), text).to.throw(FaultError);
  });

  it('come as messages', () => {
    expect(parseFaultMessage(' stall\n')).to.deep.equal({ name: 'stall' });
    expect(parseFaultMessage('{"name":"replay","connector":5,"duration_s":2}')).to.deep.equal({
      name: 'replay',
      connector: 5,
      durationS: 2,
    });
    for (const text of [
      '{',
      '{"name":1}',
      '{"name":"stall","value":"1"}',
      '{"name":"stall","for":1}',
      '{"name":"x","target":3}',
    ])
      expect(() => parseFaultMessage(text), text).to.throw(FaultError);
  });

  it('have a description each', () => {
    for (const kind of Object.values(FAULTS)) expect(kind.description).to.match(/\.$/);
  });
});
