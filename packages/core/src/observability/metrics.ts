// SPDX-License-Identifier: Apache-2.0
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';
import type { Metric, MetricValueWithName, Registry } from 'prom-client';
import type { ModuleSlot } from '../lifecycle/module-slot.js';
import type { ModuleState } from '../lifecycle/module-state.js';
import { MetricsAddressError } from './metrics-address-error.js';
import { LATENCY_BOUNDS_MS, type CommandMeter } from './meters.js';

/** What metrics are read from. */
export interface MetricsSource {
  readonly slots: ReadonlyMap<string, ModuleSlot>;
  /** Restarts of a module since the start. */
  restarts(moduleId: string): number;
  /** Failed handlers of a module since the start. */
  handlerFailures(moduleId: string): number;
}

const STATES: readonly ModuleState[] = [
  'loaded',
  'initialising',
  'initialised',
  'starting',
  'running',
  'swapping',
  'failed',
  'stopping',
  'stopped',
];

/** Content type of the text format. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Counts of a runtime in the form of Prometheus. Modules count into plain numbers; they are put into this form when
 * somebody asks.
 */
export class Metrics {
  readonly #source: MetricsSource;
  #registry: Registry | undefined;

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  /** Made when somebody asks, library included: most processes are never asked. */
  get registry(): Registry {
    this.#registry ??= makeRegistry(this.#source);
    return this.#registry;
  }

  /** All metrics as text. */
  async text(): Promise<string> {
    return await this.registry.metrics();
  }
}

function makeRegistry(source: MetricsSource): Registry {
  const { Counter, Gauge, Registry } = createRequire(import.meta.url)('prom-client') as typeof Prometheus;
  const registry = new Registry();
  const registers = [registry];
  const commandLabels = ['module', 'implementation', 'command'] as const;
  const eachCommand = (use: (labels: CommandLabels, meter: CommandMeter) => void): void => {
    for (const slot of source.slots.values())
      for (const [implementation, command, port] of slot.endpoint.commands())
        use({ module: slot.id, implementation, command }, port.meter);
  };
  // Each registers itself and reads the meters when it is collected.
  new Counter({
    name: 'carabiner_command_calls_total',
    help: 'Calls of a command that were answered, failed ones included.',
    labelNames: commandLabels,
    registers,
    collect() {
      this.reset();
      eachCommand((labels, { calls }) => this.inc({ ...labels }, calls));
    },
  });
  new Counter({
    name: 'carabiner_command_errors_total',
    help: 'Calls of a command that failed.',
    labelNames: commandLabels,
    registers,
    collect() {
      this.reset();
      eachCommand((labels, { errors }) => this.inc({ ...labels }, errors));
    },
  });
  new Gauge({
    name: 'carabiner_command_queue_length',
    help: 'Calls of a command that wait for their turn.',
    labelNames: commandLabels,
    registers,
    collect() {
      this.reset();
      eachCommand((labels, { queueLength }) => this.set({ ...labels }, queueLength));
    },
  });
  registry.registerMetric(new LatencyHistogram(eachCommand) as unknown as Metric);
  new Counter({
    name: 'carabiner_variable_published_total',
    help: 'Values published.',
    labelNames: ['module', 'implementation', 'variable'],
    registers,
    collect() {
      this.reset();
      for (const slot of source.slots.values())
        for (const [implementation, variable, { published }] of slot.endpoint.variables())
          this.inc({ module: slot.id, implementation, variable }, published);
    },
  });
  new Counter({
    name: 'carabiner_variable_refused_total',
    help: 'Values that were not published, since they do not conform to the interface.',
    labelNames: ['module', 'implementation', 'variable'],
    registers,
    collect() {
      this.reset();
      for (const slot of source.slots.values())
        for (const [implementation, variable, { refused }] of slot.endpoint.variables())
          this.inc({ module: slot.id, implementation, variable }, refused);
    },
  });
  new Gauge({
    name: 'carabiner_module_state',
    help: 'One for the state a module is in.',
    labelNames: ['module', 'state'],
    registers,
    collect() {
      this.reset();
      for (const slot of source.slots.values())
        for (const state of STATES) this.set({ module: slot.id, state }, slot.state === state ? 1 : 0);
    },
  });
  new Counter({
    name: 'carabiner_module_restarts_total',
    help: 'Restarts of a module that failed.',
    labelNames: ['module'],
    registers,
    collect() {
      this.reset();
      for (const { id } of source.slots.values()) this.inc({ module: id }, source.restarts(id));
    },
  });
  new Counter({
    name: 'carabiner_module_handler_failures_total',
    help: 'Subscription handlers of a module that failed.',
    labelNames: ['module'],
    registers,
    collect() {
      this.reset();
      for (const { id } of source.slots.values()) this.inc({ module: id }, source.handlerFailures(id));
    },
  });
  new Gauge({
    name: 'carabiner_errors_active',
    help: 'Raised errors that are active.',
    labelNames: ['module', 'implementation'],
    registers,
    collect() {
      this.reset();
      for (const slot of source.slots.values())
        for (const [implementation, errors] of slot.endpoint.errors())
          this.set({ module: slot.id, implementation }, errors.active.length);
    },
  });
  return registry;
}

interface CommandLabels {
  readonly module: string;
  readonly implementation: string;
  readonly command: string;
}

const DURATION = 'carabiner_command_duration_seconds';

/**
 * The meters' latency classes as a Prometheus histogram, in seconds. It has no more than a registry asks for: prom-client's
 * own histogram can only be filled one observation at a time.
 */
class LatencyHistogram {
  readonly name = DURATION;

  constructor(
    private readonly eachCommand: (use: (labels: CommandLabels, meter: CommandMeter) => void) => void,
  ) {}

  get(): Promise<object> {
    const values: MetricValueWithName<string>[] = [];
    this.eachCommand((labels, { latencyClasses, latencySumMs, calls }) => {
      const bucket = (le: string, value: number): void => {
        values.push({ value, labels: { le, ...labels }, metricName: `${DURATION}_bucket` });
      };
      let count = 0;
      for (const [index, boundMs] of LATENCY_BOUNDS_MS.entries()) {
        count += latencyClasses[index] ?? 0;
        bucket(String(boundMs / 1_000), count);
      }
      bucket('+Inf', calls);
      values.push(
        { value: latencySumMs / 1_000, labels: { ...labels }, metricName: `${DURATION}_sum` },
        { value: calls, labels: { ...labels }, metricName: `${DURATION}_count` },
      );
    });
    return Promise.resolve({
      name: DURATION,
      help: 'From call to answer.',
      type: 'histogram',
      aggregator: 'sum',
      values,
    });
  }
}

/** Serves `/metrics` over HTTP. */
export class MetricsServer {
  #server: Server | undefined;

  constructor(private readonly metrics: Metrics) {}

  /**
   * Begins to listen.
   *
   * @returns the port, for one asked for as 0
   * @throws MetricsAddressError when the address cannot be used
   */
  async start({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    // Loaded when it is used: most processes serve none. A bundle hands on nothing of such a module but its default.
    const { default: http } = await import('node:http');
    const server = http.createServer((request, response) => {
      if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      this.metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE }).end(text),
        () => response.writeHead(500).end(),
      );
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const reason =
          cause.code === 'EADDRINUSE' ? 'another program listens there (EADDRINUSE)' : cause.message;
        reject(
          new MetricsAddressError(
            `metrics cannot be served at ${host}:${port}: ${reason}; name another host or port in settings.carabiner.metrics, or 0 for a free port`,
            { cause },
          ),
        );
      });
      server.listen(port, host, () => {
        server.removeAllListeners('error');
        resolve();
      });
    });
    return (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
