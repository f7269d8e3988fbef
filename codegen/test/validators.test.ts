// SPDX-License-Identifier: Apache-2.0
import type { InterfaceDescriptor, Validator } from '@carabiner/core';
import { isJsonArray, isJsonObject, parseTypeReference, SpecSet, type Json } from '@carabiner/dialect';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { expect } from 'chai';
import fc from 'fast-check';
import { generate } from '@carabiner/codegen';
import { compile, load } from './compiled-output.js';
import { CORPUS, fixture, hasCorpus, ROOT } from './corpus.js';
import { mutated, valuesOf } from './schema-arbitrary.js';

interface Subject {
  readonly name: string;
  readonly schema: Json;
  readonly opinions: readonly { readonly who: string; readonly is: (value: unknown) => boolean }[];
}

/** Compares every validator made of a set of specifications with ajv. */
class Comparison {
  readonly #specs: SpecSet;
  readonly #ajv: Ajv;

  constructor(specs: SpecSet) {
    this.#specs = specs;
    // What every object inherits is no member of a value.
    this.#ajv = new Ajv({ strict: false, allErrors: false, ownProperties: true });
    (formats as unknown as (ajv: Ajv) => void)(this.#ajv);
    const definitions = Object.fromEntries(
      specs
        .names('types')
        .map((file) => [
          file,
          Object.fromEntries(
            Object.entries(specs.typeFile(file)?.types ?? {}).map(([type, schema]) => [type, forAjv(schema)]),
          ),
        ]),
    );
    this.#ajv.addSchema({ $id: 'specs', definitions });
  }

  async subjects(importer: (path: string) => Promise<Record<string, unknown>>): Promise<Subject[]> {
    const subjects: Subject[] = [];
    for (const file of this.#specs.names('types')) {
      const checks = await importer(`checks/types/${file}`);
      const schemas = await importer(`schemas/${file}`);
      const { explain } = (await importer('validation')) as {
        explain: (...args: unknown[]) => readonly unknown[];
      };
      const all = Object.fromEntries(
        await Promise.all(
          this.#specs
            .names('types')
            .map(async (name) => [`/${name}`, (await importer(`checks/types/${name}`))['schemas']] as const),
        ),
      );
      for (const type of Object.keys(this.#specs.typeFile(file)?.types ?? {})) {
        const is = member(checks, [`is${type}`, `is${type}_`, `is${type.replaceAll(/\W/g, '_')}`]) as (
          value: unknown,
        ) => boolean;
        const zod = member(schemas, [
          `${type}Schema`,
          `${type}_Schema`,
          `${type.replaceAll(/\W/g, '_')}Schema`,
        ]) as {
          safeParse: (value: unknown) => { success: boolean };
        };
        const schema = { $ref: `/${file}#/${type}` };
        subjects.push({
          name: `${file}#/${type}`,
          schema,
          opinions: [
            { who: 'check', is },
            { who: 'explanation', is: (value) => explain(value, schema, all).length === 0 },
            { who: 'zod', is: (value) => zod.safeParse(value).success },
          ],
        });
      }
    }
    for (const name of this.#specs.names('interfaces')) {
      const exports = await importer(`interfaces/${name}`);
      const descriptor = Object.values(exports).find(
        (value): value is InterfaceDescriptor =>
          typeof value === 'object' && value !== null && 'definition' in value,
      );
      const model = this.#specs.interface(name);
      expect(descriptor?.name).to.equal(name);
      if (descriptor === undefined || model === undefined) continue;
      const add = (what: string, schema: Json, validator: Validator | undefined): void => {
        if (validator === undefined) throw new Error(`${name}.${what} has no validator`);
        subjects.push({
          name: `${name}.${what}`,
          schema,
          opinions: [
            { who: 'check', is: (value) => validator.is(value) },
            { who: 'explanation', is: (value) => validator.explain(value).length === 0 },
          ],
        });
      };
      for (const [command, { arguments: properties, result }] of Object.entries(model.commands)) {
        const names = Object.keys(properties);
        expect(descriptor.commands[command]?.argumentNames).to.deep.equal(names);
        const schema = { type: 'object', properties, required: names, additionalProperties: false };
        add(`${command}(args)`, schema, descriptor.commands[command]?.args);
        if (result !== undefined) add(`${command}(result)`, result, descriptor.commands[command]?.result);
      }
      for (const [variable, schema] of Object.entries(model.variables)) {
        add(variable, schema, descriptor.variables[variable]?.value);
      }
    }
    return subjects;
  }

  /** @returns disagreements, and how many values of each verdict were compared */
  compare(subject: Subject, runs: number): { disagreements: string[]; good: number; bad: number } {
    const validate: ValidateFunction = this.#ajv.compile(forAjv(subject.schema) as object);
    const lookup = (file: string, type: string): Json => this.#specs.typeFile(file)?.types[type] ?? true;
    const count = { good: 0, bad: 0 };
    const disagreements: string[] = [];
    const values = valuesOf(subject.schema, lookup).chain((value) =>
      fc.tuple(fc.constant(value), mutated(value), mutated(value)),
    );
    fc.assert(
      fc.property(values, (drawn) => {
        for (const value of drawn) {
          const expected = validate(value);
          count[expected ? 'good' : 'bad']++;
          for (const { who, is } of subject.opinions) {
            if (is(value) !== expected) {
              disagreements.push(
                `${subject.name}: ${who} says ${String(!expected)}, ajv ${String(expected)}: ${JSON.stringify(value)}`,
              );
            }
          }
        }
      }),
      { numRuns: runs, seed: 20260821 },
    );
    return { disagreements, ...count };
  }
}

function member(module: Record<string, unknown>, names: readonly string[]): unknown {
  const found = names.map((name) => module[name]).find((value) => value !== undefined);
  if (found === undefined) throw new Error(`none of ${names.join(', ')} is exported`);
  return found;
}

/** A schema as ajv reads it: references into one bundle, nothing beside them. */
function forAjv(schema: Json): Json {
  if (isJsonArray(schema)) return schema.map(forAjv);
  if (!isJsonObject(schema)) return schema;
  const reference = typeof schema['$ref'] === 'string' ? parseTypeReference(schema['$ref']) : undefined;
  if (reference !== undefined) return { $ref: `specs#/definitions/${reference.file}/${reference.type}` };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, forAjv(value)]));
}

async function compareAll(
  directory: string,
  importer: (path: string) => Promise<Record<string, unknown>>,
  runs: number,
): Promise<{ subjects: Subject[]; good: number; bad: number; disagreements: string[] }> {
  const comparison = new Comparison(SpecSet.read([{ path: directory }]));
  const subjects = await comparison.subjects(importer);
  const result = { subjects, good: 0, bad: 0, disagreements: [] as string[] };
  for (const subject of subjects) {
    const { good, bad, disagreements } = comparison.compare(subject, runs);
    result.good += good;
    result.bad += bad;
    result.disagreements.push(...disagreements);
  }
  return result;
}

describe('generated validators and ajv', function () {
  // Compiling takes long where many others compute.
  this.timeout(180_000);

  it('agree on every schema of the interfaces package', async () => {
    const result = await compareAll(
      `${ROOT}packages/interfaces/specs`,
      async (path) => {
        return (await import(`@carabiner/interfaces/${path}`)) as Record<string, unknown>;
      },
      10,
    );
    expect(result.disagreements).to.deep.equal([]);
    expect(result.subjects.length).to.be.greaterThan(300);
    expect(Math.min(result.good, result.bad)).to.be.greaterThan(result.subjects.length * 4);
  });

  it('agree on every keyword of draft-07 and on odd cases, whose code compiles', async () => {
    const { files, findings } = await generate({
      specs: [fixture('odd')],
      manifests: [`${fixture('odd')}/manifests/*.yaml`],
      out: 'odd',
    });
    expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
    expect(compile('odd', files)).to.equal('');
    expect(await load('odd', 'index.js')).to.include.keys('CasesInterface', '_3phaseInterface', 'types');
    expect(await load('odd', 'types/index.js')).to.include.keys('hard', 'a_b', 'interface_');
    const result = await compareAll(fixture('odd'), (path) => load('odd', `${path}.js`), 300);
    expect(result.disagreements).to.deep.equal([]);
  });

  it('agree on every schema of EVerest, whose code compiles with all manifests', async function () {
    if (!hasCorpus) {
      this.skip();
    }
    const { files, findings, manifests } = await generate({
      specs: [CORPUS],
      manifests: [`${CORPUS}manifests/*.yaml`],
      out: 'corpus',
    });
    expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
    expect(manifests).to.have.length(118);
    expect(compile('corpus', files)).to.equal('');
    const result = await compareAll(CORPUS, (path) => load('corpus', `${path}.js`), 12);
    expect(result.disagreements).to.deep.equal([]);
    expect(result.subjects.filter(({ name }) => name.includes('#/'))).to.have.length(321);
    expect(Math.min(result.good, result.bad)).to.be.greaterThan(result.subjects.length * 4);
  });
});
