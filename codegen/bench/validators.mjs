// SPDX-License-Identifier: Apache-2.0
// A generated validator beside ajv, compiled from the same schema in the same run, and beside zod.
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parseTypeReference, SpecSet } from '@carabiner/dialect';
import { fileURLToPath } from 'node:url';

const specs = SpecSet.read([
  { path: fileURLToPath(new URL('../../packages/interfaces/specs', import.meta.url)) },
]);

function forAjv(schema) {
  if (Array.isArray(schema)) return schema.map(forAjv);
  if (typeof schema !== 'object' || schema === null) return schema;
  const reference = typeof schema.$ref === 'string' ? parseTypeReference(schema.$ref) : undefined;
  if (reference !== undefined) return { $ref: `specs#/definitions/${reference.file}/${reference.type}` };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, forAjv(value)]));
}

const ajv = new Ajv({ strict: false });
addFormats(ajv);
const definitions = Object.fromEntries(
  specs
    .names('types')
    .map((file) => [
      file,
      Object.fromEntries(
        Object.entries(specs.typeFile(file).types).map(([type, schema]) => [type, forAjv(schema)]),
      ),
    ]),
);
ajv.addSchema({ $id: 'specs', definitions });

const POWERMETER = {
  timestamp: '2026-11-21T06:00:00.123Z',
  meter_id: 'DCMETER-0001',
  energy_Wh_import: { total: 123456.7 },
  power_W: { total: 59870.5 },
  voltage_V: { DC: 801.2 },
  current_A: { DC: 74.7 },
};
const SESSION_EVENT = {
  uuid: '123e4567-e89b-12d3-a456-426614174000',
  timestamp: '2026-11-21T06:00:00.123Z',
  connector_id: 1,
  event: 'TransactionStarted',
  transaction_started: {
    meter_value: POWERMETER,
    id_tag: {
      id_token: { value: 'DEADBEEF', type: 'ISO14443' },
      authorization_type: 'RFID',
    },
  },
};

/** Nanoseconds for one call, the best of several rounds. */
function cost(check, text) {
  const values = Array.from({ length: 64 }, () => JSON.parse(text));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round++) {
    const rounds = 600;
    const start = performance.now();
    for (let count = 0; count < rounds; count++) {
      for (const value of values) if (!check(value)) throw new Error('the value does not conform');
    }
    best = Math.min(best, ((performance.now() - start) * 1e6) / (rounds * values.length));
  }
  return best;
}

for (const [file, type, value] of [
  ['powermeter', 'Powermeter', POWERMETER],
  ['evse_manager', 'SessionEvent', SESSION_EVENT],
]) {
  const checks = await import(`@carabiner/interfaces/checks/types/${file}`);
  const schemas = await import(`@carabiner/interfaces/schemas/${file}`);
  const validate = ajv.compile({ $ref: `specs#/definitions/${file}/${type}` });
  const text = JSON.stringify(value);
  const ours = cost(checks[`is${type}`], text);
  const theirs = cost(validate, text);
  const zod = cost((candidate) => schemas[`${type}Schema`].safeParse(candidate).success, text);
  const round = (number) => Number(number.toPrecision(4));
  for (const [peer, peerValue] of [
    ['ajv', theirs],
    ['zod', zod],
  ]) {
    console.log(
      JSON.stringify({
        bench: `check ${file}#/${type}`,
        value: round(ours),
        unit: 'ns',
        peer,
        peerValue: round(peerValue),
      }),
    );
  }
}
