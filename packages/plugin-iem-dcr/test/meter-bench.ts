// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import type { TransactionReq } from '@carabiner/interfaces/types/powermeter';
import { IemDcr } from '@carabiner/plugin-iem-dcr';
import {
  IemDcrGateway,
  IemDcrMeter,
  switchesSchema,
  type Fault,
  type GatewayRequest,
  type IemDcrMeterOptions,
} from '@carabiner/plugin-simulator/iem-dcr';
import { createHarness, hangs, type HarnessOptions, type ModuleHarness } from '@carabiner/testkit';

export const EVSE = 'DE*ABC*E0001';

export interface BenchOptions {
  config?: HarnessOptions<IemDcr>['config'];
  switches?: object;
  meter?: IemDcrMeterOptions;
  /** Contents of the store; without it none is connected. */
  store?: Map<string, unknown>;
  /** The store never answers to a load. */
  loadHangs?: boolean;
  /** Whether the meter has power when the driver starts. */
  plugged?: boolean;
  startMs?: number;
  /** Set up before the driver starts. */
  faults?: Fault[];
}

/** `POST /receipt {"TX":"B"}`: a request without the common part of its path. */
export function brief({ method, path, body }: GatewayRequest): string {
  return `${method} ${path.replace('/counter/v1/ocmf', '').replace('/counter/', '')}${body === '' ? '' : ` ${body}`}`;
}

/** The driver and a simulated meter, over real HTTP, on one virtual clock. Time only moves while no request is under way. */
export class MeterBench implements AsyncDisposable {
  readonly requests: GatewayRequest[] = [];
  /** Drivers that were stopped; a new one may be started on the same meter. */
  driver!: ModuleHarness<IemDcr>;

  private constructor(
    readonly clock: VirtualClock,
    readonly meter: IemDcrMeter,
    readonly gateway: IemDcrGateway,
    private readonly options: BenchOptions,
  ) {
    gateway.on('request', (request) => this.requests.push(request));
  }

  static async create(options: BenchOptions = {}): Promise<MeterBench> {
    const clock = new VirtualClock(options.startMs);
    const meter = new IemDcrMeter(clock, {
      ...options.meter,
      switches: switchesSchema.parse(options.switches ?? {}),
    });
    const gateway = new IemDcrGateway(meter, clock);
    await gateway.plugIn();
    if (options.plugged === false) await gateway.unplug();
    for (const fault of options.faults ?? []) gateway.inject(fault);
    const bench = new MeterBench(clock, meter, gateway, options);
    await bench.startDriver();
    return bench;
  }

  /** A bench on which the driver has published its first live values. */
  static async ready(options: BenchOptions = {}): Promise<MeterBench> {
    const bench = await MeterBench.create(options);
    await bench.until(() => bench.main.latest.powermeter !== undefined);
    return bench;
  }

  /** The store refuses to load. */
  storeAway = false;

  async startDriver(config: BenchOptions['config'] = this.options.config): Promise<void> {
    const { store } = this.options;
    this.driver = await createHarness(IemDcr, {
      clock: this.clock,
      config: { ip_address: '127.0.0.1', port_http: this.gateway.port, CI: EVSE, ...config },
      connections: { store: store === undefined ? 0 : 1 },
      requires: {
        store: {
          load:
            this.options.loadHangs === true
              ? hangs()
              : ({ key }) => {
                  if (this.storeAway) throw new Error('the store is away');
                  return structuredClone(store?.get(key) ?? null) as null;
                },
          store: ({ key, value }) => {
            store?.set(key, structuredClone(value));
          },
        },
      },
    });
  }

  get main(): ModuleHarness<IemDcr>['provides']['main'] {
    return this.driver.provides.main;
  }

  get briefs(): string[] {
    return this.requests.map(brief);
  }

  get faultActive(): boolean {
    return this.main.errors.active.some(({ type }) => type === 'powermeter/CommunicationFault');
  }

  /** Requests sent while `work` ran. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    const before = this.requests.length;
    await work();
    return this.requests.slice(before).map(brief);
  }

  /** Lets everything run that needs no time: promises, and requests that nothing holds back. */
  async quiet(): Promise<void> {
    for (let calm = 0; calm < 4; calm++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.driver.module.client.inFlight > this.gateway.held) calm = 0;
    }
  }

  async until(condition: () => boolean, limitMs = 60_000): Promise<number> {
    const startMs = this.clock.monotonic();
    await this.quiet();
    while (!condition()) {
      if (this.clock.monotonic() - startMs > limitMs)
        throw new Error(`it did not happen within ${limitMs} ms`);
      if (!(await this.clock.advanceToNext())) throw new Error('nothing waits, so it will not happen');
      await this.quiet();
    }
    return this.clock.monotonic() - startMs;
  }

  async advance(ms: number): Promise<void> {
    let over = false;
    // Half a millisecond more, so that what is due at the very end is done.
    this.clock.setTimeout(() => (over = true), ms + 0.5);
    await this.until(() => over, ms + 1);
  }

  async finish<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    let ended = false;
    const watched = work.finally(() => (ended = true));
    watched.catch(() => undefined);
    await this.until(() => ended, limitMs);
    return await watched;
  }

  request(changes: Partial<TransactionReq> = {}): TransactionReq {
    return {
      evse_id: EVSE,
      transaction_id: 'tx-1',
      identification_status: 'ASSIGNED',
      identification_level: 'TRUSTED',
      identification_flags: ['RFID_PLAIN', 'OCPP_AUTH'],
      identification_type: 'ISO14443',
      identification_data: '04281FD2FB7381',
      tariff_text: '0,42 EUR/kWh',
      ...changes,
    };
  }

  start(changes: Partial<TransactionReq> = {}) {
    return this.finish(this.main.call.start_transaction({ value: this.request(changes) }));
  }

  stop(transaction_id = 'tx-1') {
    return this.finish(this.main.call.stop_transaction({ transaction_id }));
  }

  /** Lets current flow for a while, and stops it. */
  async charge(forMs = 60_000, voltageV = 400, currentA = 100): Promise<void> {
    this.meter.setOutput(voltageV, currentA);
    await this.advance(forMs);
    this.meter.setOutput(0, 0);
    await this.advance(1100);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopping = this.driver.shutdown();
    await this.gateway.unplug();
    await stopping;
  }
}
