// SPDX-License-Identifier: Apache-2.0
import { describeError, ERROR_REGISTERS, errorSubtype } from '@carabiner/fusioncharge';
import { expect } from 'chai';
import { makeCertificates, type CertificateFiles } from './certificates.js';
import {
  charge,
  outputOf,
  pilot,
  startMockCharger,
  untilDemand,
  untilQuiet,
  type MockCharger,
  type MockChargerOptions,
} from './mock-charger.js';
import { skip } from './requirement.js';
import { makeVethPair } from '@carabiner/testkit';

const LOST = ['power_supply_DC/CommunicationFault', ''] as const;
const WARNING = 'power_supply_DC/VendorWarning';
const HARDWARE = 'power_supply_DC/HardwareFault';
const NO_MODULES = [WARNING, 'module_placeholder_allocation_failed'] as const;

type Expected = readonly [
  'power_supply_DC/CommunicationFault' | 'power_supply_DC/VendorWarning' | 'power_supply_DC/HardwareFault',
  string,
];

describe('a fault of the power unit', function () {
  this.timeout(30_000);
  let charger: MockCharger | undefined;

  afterEach(async () => {
    await charger?.stop();
    charger = undefined;
  });

  const start = async (options: MockChargerOptions = {}): Promise<MockCharger> => {
    const started = await startMockCharger({
      ...options,
      mock: { roundsWithoutRatings: 0, ...options.mock },
      config: { modbus_timeout_s: 7, ...options.config },
    });
    charger = started;
    await untilQuiet(started);
    return started;
  };

  const untilActive = async (running: MockCharger, [type, subType]: Expected): Promise<unknown> =>
    await running.until(
      () => outputOf(running, 1).errors.isActive(type, subType),
      30_000,
      `${type} ${subType} is active`,
    );

  /** Everything is well again, and a whole charge is possible, without a restart. */
  const recovers = async (running: MockCharger): Promise<void> => {
    running.mock.faults.clear();
    pilot(running, 1, 'A');
    await untilQuiet(running);
    await charge(running, 1);
    await untilQuiet(running);
  };

  for (const [name, request, expected] of [
    ['cuts the connection', { name: 'drop_connection' }, LOST],
    ['cuts the connection and refuses new ones', { name: 'drop_connection', durationS: 6 }, LOST],
    ['falls silent', { name: 'stall' }, LOST],
    ['takes a port out of service', { name: 'port_unavailable' }, [HARDWARE, 'port_not_available']],
    ['withholds its ratings', { name: 'capabilities_withhold' }, [HARDWARE, 'capabilities_not_received']],
    ['is faulty', { name: 'running_mode', target: 'FAULTY' }, [HARDWARE, 'psu_not_running']],
    ['sleeps', { name: 'running_mode', target: 'SLEEPING' }, [HARDWARE, 'psu_not_running']],
  ] as const)
    it(`that ${name}, while charging`, async () => {
      const running = await start();
      pilot(running, 1, 'B');
      await untilDemand(running, 1, 1);
      const { call } = outputOf(running, 1);
      await call.setExportVoltageCurrent({ voltage: 400, current: 20 });
      await call.setMode({ mode: 'Export', phase: 'Charging' });
      await untilDemand(running, 1, 5);
      running.mock.faults.inject(request);
      await untilActive(running, expected);
      await call.setMode({ mode: 'Off', phase: 'Charging' });
      await recovers(running);
    });

  for (const [name, request, expected] of [
    ['does not answer placeholder requests', { name: 'placeholder_withhold' }, NO_MODULES],
    ['answers placeholder requests too late', { name: 'placeholder_delay', value: 9 }, NO_MODULES],
    ['refuses placeholder requests', { name: 'placeholder_refuse' }, NO_MODULES],
    ['signs replies wrongly', { name: 'wrong_hmac' }, NO_MODULES],
    ['replays an old reply', { name: 'replay' }, NO_MODULES],
    ['hands out no key', { name: 'key_withhold' }, [WARNING, 'hmac_key_not_received']],
  ] as const)
    it(`that ${name}`, async () => {
      const running = await start();
      running.mock.faults.inject(request);
      pilot(running, 1, 'B');
      await untilActive(running, expected);
      expect(outputOf(running, 1).errors.active.map(({ sub_type }) => sub_type)).to.deep.equal([expected[1]]);
      await recovers(running);
    });

  it('that derates in the middle of a charge lowers the demand and the capabilities', async () => {
    const running = await start();
    pilot(running, 1, 'B');
    await untilDemand(running, 1, 1);
    const output = outputOf(running, 1);
    await output.call.setExportVoltageCurrent({ voltage: 400, current: 70 });
    await output.call.setMode({ mode: 'Export', phase: 'Charging' });
    running.mock.faults.inject({ name: 'capabilities_derate', value: 0.4 });
    const current = (): number | undefined => {
      const message = running.last.get(running.numbers[0]!);
      return message?.kind === 'request' ? message.current : undefined;
    };
    await running.until(() => current() === 40, 3000, 'the demand is lowered');
    await running.until(() => output.latest.capabilities?.max_export_power_W === 24_000, 3000, 'the power');
    expect(output.latest.capabilities).to.include({ max_export_current_A: 40, max_export_power_W: 24_000 });
    expect(output.errors.active).to.deep.equal([]);
    running.mock.faults.clear();
    await running.until(() => current() === 70, 3000, 'the demand is back');
    pilot(running, 1, 'A');
    await recovers(running);
  });

  it('that writes registers in halves does no harm', async () => {
    const running = await start();
    running.mock.faults.inject({ name: 'half_written_registers', value: 0.2 });
    await charge(running, 1);
    running.mock.faults.inject({ name: 'drop_connection' });
    await untilActive(running, LOST);
    await untilQuiet(running);
    await charge(running, 1);
    await recovers(running);
  });

  it('in an error register stays told while the connection is lost and made again', async () => {
    const running = await start();
    const error = ERROR_REGISTERS[0]!;
    const subType = errorSubtype(error);
    running.mock.faults.inject({ name: 'error_register', target: subType });
    await untilActive(running, [WARNING, subType]);
    const told = (): string[] =>
      running.driver.journal.entries.flatMap((entry) =>
        (entry.kind === 'raised' || entry.kind === 'cleared') && entry.error.sub_type === subType
          ? [entry.kind]
          : [],
      );
    const before = told().length;
    running.mock.faults.inject({ name: 'drop_connection' });
    await untilActive(running, LOST);
    await running.until(() => !outputOf(running, 1).errors.isActive(...LOST), 30_000, 'connected again');
    await running.driver.advance(15_000);
    expect(told().slice(before)).to.deep.equal([]);
    running.mock.faults.clear();
    await running.until(() => !outputOf(running, 1).errors.isActive(WARNING, subType), 5000, 'it is over');
    await recovers(running);
  });

  it('in an error register is told with its text, for each of them', async () => {
    const running = await start({ connectors: 4 });
    for (const error of ERROR_REGISTERS)
      running.mock.faults.inject({ name: 'error_register', target: errorSubtype(error) });
    for (const connector of [1, 4]) {
      const { errors } = outputOf(running, connector);
      await running.until(() => errors.active.length === ERROR_REGISTERS.length, 5000, 'all are raised');
      for (const error of ERROR_REGISTERS)
        expect(errors.active.find(({ sub_type }) => sub_type === errorSubtype(error))).to.include({
          type: WARNING,
          message: describeError(error, 1),
          severity: 'Medium',
        });
    }
    await recovers(running);
  });

  it('or of the cable is noticed, and is over when the cable is back', async function () {
    const veth = makeVethPair('huf');
    if ('unavailable' in veth) skip(this, 'packet', veth.unavailable);
    try {
      const running = await start({ link: veth });
      veth.ip('link', 'set', veth.b, 'down');
      await untilActive(running, LOST);
      veth.ip('link', 'set', veth.b, 'up');
      await recovers(running);
      await running.stop();
      charger = undefined;
    } finally {
      veth.remove();
    }
  });

  describe('with TLS', () => {
    let certificates: CertificateFiles;
    before(async () => (certificates = await makeCertificates()));
    after(async () => await certificates.remove());

    it('that refuses handshakes', async () => {
      const running = await start({ protection: 'hmac+tls', certificates });
      running.mock.faults.inject({ name: 'tls_refuse' });
      await untilActive(running, LOST);
      await running.driver.advance(10_000);
      await recovers(running);
    });

    it('that has another name than the one that is set is not trusted; without one any name is', async () => {
      const stranger = await startMockCharger({
        protection: 'hmac+tls',
        certificates,
        config: { tls_server_name: 'other.example' },
      });
      charger = stranger;
      await stranger.driver.advance(5000);
      expect(outputOf(stranger, 1).errors.isActive(...LOST)).to.equal(true);
      expect(JSON.stringify(stranger.driver.logLines)).to.contain('other.example');
      await stranger.stop();
      const unchecked = await start({
        protection: 'hmac+tls',
        certificates,
        config: { tls_server_name: '' },
      });
      await charge(unchecked, 1);
    });

    it('is not even tried with a missing file, and the log says which', async () => {
      const broken = await startMockCharger({
        protection: 'hmac+tls',
        certificates,
        config: { client_key: '/nowhere/key.pem' },
      });
      charger = broken;
      await broken.driver.advance(1000);
      expect(outputOf(broken, 1).errors.isActive(...LOST)).to.equal(true);
      expect(JSON.stringify(broken.driver.logLines)).to.contain('private key from /nowhere/key.pem');
    });
  });
});
