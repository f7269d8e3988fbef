// SPDX-License-Identifier: Apache-2.0
// Modules the benchmarks measure with: an interface as generated code has it, a provider and a consumer.
import { Module } from '@carabiner/core';

/** A validator written out like generated ones. */
const setPoint = {
  is: (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof value.voltage === 'number' &&
    value.voltage >= 0 &&
    typeof value.current === 'number' &&
    value.current >= 0,
  explain: () => [],
};
const number = { is: (value) => typeof value === 'number', explain: () => [] };

export const source = {
  name: 'bench_source',
  description: 'a source',
  commands: {
    set: {
      description: '',
      argumentNames: ['voltage', 'current'],
      args: setPoint,
      result: number,
      returnsValue: true,
    },
  },
  variables: { reading: { description: '', value: setPoint } },
  errors: [],
  definition: { cmds: {}, vars: {} },
  types: {},
};

const plain = { config: {}, enableExternalMqtt: false, enableTelemetry: false, enableGlobalErrors: false };

/** Provides a source. */
export class Source extends Module {
  static descriptor = {
    ...plain,
    module: 'Source',
    description: '',
    provides: { main: { description: '', interface: source, config: {} } },
    requires: {},
  };
  implementations = { main: { set: ({ voltage, current }) => voltage * current } };
}

/** The same with an asynchronous handler. */
export class AsyncSource extends Source {
  static descriptor = { ...Source.descriptor, module: 'AsyncSource' };
  implementations = { main: { set: async ({ voltage, current }) => voltage * current } };
}

/** Requires sources, and provides one, so that chains can be built. */
export class Link extends Module {
  static descriptor = {
    ...Source.descriptor,
    module: 'Link',
    requires: {
      sources: {
        interface: source,
        minConnections: 0,
        maxConnections: 200,
        ignore: { errors: false, variables: [] },
      },
    },
  };
  static made = [];
  implementations = { main: { set: ({ voltage, current }) => voltage * current } };
  init() {
    Link.made.push(this);
  }
}

/** Median nanoseconds of one of `count` runs of `work`, over `rounds` rounds; work awaits them one after another. */
export async function medianNs(work, { rounds = 60, count = 2_000 } = {}) {
  const samples = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = process.hrtime.bigint();
    await work(count);
    samples.push(Number(process.hrtime.bigint() - start) / count);
  }
  samples.sort((a, b) => a - b);
  return samples[samples.length >> 1];
}

/** Prints one figure. */
export function report(bench, value, unit, more = {}) {
  const rounded = (number) => (number >= 100 ? Math.round(number) : Number(number.toPrecision(3)));
  console.log(
    JSON.stringify({
      bench,
      value: rounded(value),
      unit,
      ...more,
      ...(more.peerValue === undefined ? {} : { peerValue: rounded(more.peerValue) }),
    }),
  );
}
