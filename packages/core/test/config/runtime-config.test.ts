// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  UnknownNameError,
  createRuntime,
  loadComposition,
  type ConfigChangeResult,
  type ConfigValue,
} from '@carabiner/core';
import { CounterDescriptor, CounterModule } from '../support/modules.js';
import { Installation, MANIFEST, moduleCode } from '../support/packages.js';
import { rejection, withSystem, type SystemOptions } from '../support/system.js';

const text = (mutability: 'ReadOnly' | 'WriteOnly'): object => ({
  type: 'string',
  description: 'a text',
  default: 'x',
  mutability,
});

class Configured extends CounterModule {
  static override readonly descriptor = {
    ...CounterDescriptor,
    config: { ...CounterDescriptor.config, fixed: text('ReadOnly'), key: text('WriteOnly') },
    provides: {
      main: {
        ...CounterDescriptor.provides['main']!,
        config: {
          limit: {
            type: 'number',
            description: 'x',
            default: 1,
            mutability: 'ReadWrite',
            exclusiveMinimum: 0,
            exclusiveMaximum: 1000,
            multipleOf: 0.5,
          },
        },
      },
    },
  } as typeof CounterDescriptor;
  static answer: (value: ConfigValue) => ConfigChangeResult | Promise<ConfigChangeResult> = () => 'accepted';
  static handles = true;

  override init(): void {
    if (!Configured.handles) return;
    this.context.onConfigChange('step', (value) => Configured.answer(value));
    this.context.onConfigChange('limit', (value) => Configured.answer(value), 'main');
    this.context.onConfigChange('key', (value) => Configured.answer(value));
  }
}

const step = { moduleId: 'counter', parameter: 'step' };
const options: SystemOptions = { modules: { CounterModule: Configured } };

describe('configuration at run time', () => {
  beforeEach(() => {
    Configured.answer = () => 'accepted';
    Configured.handles = true;
  });

  it('is asked of the module and counts at once when it accepts', async () => {
    await withSystem(options, async ({ runtime, requires }) => {
      const asked: ConfigValue[] = [];
      Configured.answer = (value) => {
        asked.push(value);
        return 'accepted';
      };
      expect((await runtime.config.set(step, 4)).status).to.equal('accepted');
      expect(asked).to.deep.equal([4]);
      expect(runtime.config.get(step)).to.deep.include({ value: 4 });
      expect(await requires.counter.call.add({ amount: 1 })).to.equal(5);
      const limit = { moduleId: 'counter', implementationId: 'main', parameter: 'limit' };
      expect((await runtime.config.set(limit, 2.5)).status).to.equal('accepted');
      expect(runtime.config.get(limit)).to.deep.include({ value: 2.5 });
    });
  });

  const answers: { readonly [title: string]: readonly [typeof Configured.answer, string, string?] } = {
    'that asks for a restart': [() => 'reboot-required', 'reboot-required'],
    'that rejects it': [() => ({ rejected: 'too steep' }), 'rejected', 'too steep'],
    'that throws': [
      () => {
        throw new Error('oops');
      },
      'rejected',
      'oops',
    ],
  };
  for (const [title, [answer, status, reason]] of Object.entries(answers))
    it(`does not count now with a handler ${title}`, async () => {
      await withSystem(options, async ({ runtime }) => {
        Configured.answer = answer;
        const result = await runtime.config.set(step, 4);
        expect(result.status).to.equal(status);
        if (reason !== undefined) expect(result.reason).to.equal(reason);
        expect(runtime.config.get(step)).to.deep.include({ value: 0 });
      });
    });

  it('counts from the next start when nobody handles it', async () => {
    Configured.handles = false;
    await withSystem(options, async ({ runtime }) => {
      expect((await runtime.config.set(step, 4)).status).to.equal('reboot-required');
    });
  });

  it('that asked for a restart counts for the next instance of the module, also another one', async () => {
    await withSystem({ ...options, counter: { restart: { delay_ms: 10 } } }, async (system) => {
      const { runtime, requires, clock } = system;
      Configured.answer = () => 'reboot-required';
      await runtime.config.set(step, 4);
      expect(await requires.counter.call.add({ amount: 1 })).to.equal(1);
      const { scope } = runtime.slots.get('counter')!.instance!;
      scope.clock.setTimeout(() => {
        throw new Error('broken');
      }, 1);
      await clock.advance(11);
      expect(await requires.counter.call.add({ amount: 1 })).to.equal(5);
      class Other extends Configured {}
      await runtime.replace('counter', Other);
      expect(await requires.counter.call.add({ amount: 1 })).to.equal(5);
    });
  });

  it('rejects values that do not conform and parameters that are read-only, without asking', async () => {
    await withSystem(options, async ({ runtime }) => {
      Configured.answer = () => {
        throw new Error('asked');
      };
      expect(await runtime.config.set(step, 11)).to.deep.equal({
        status: 'rejected',
        reason: "'step' is 11; expected an integer from 0 to 10",
      });
      expect((await runtime.config.set({ ...step, parameter: 'fixed' }, 'y')).reason).to.contain('ReadOnly');
    });
  });

  it('rejects what open ends and steps of a parameter do not allow', async () => {
    await withSystem(options, async ({ runtime }) => {
      const limit = { moduleId: 'counter', implementationId: 'main', parameter: 'limit' };
      for (const value of [0, 1000, 1.25])
        expect(await runtime.config.set(limit, value)).to.deep.equal({
          status: 'rejected',
          reason: `'limit' is ${value}; expected a number above 0 below 1000 in steps of 0.5`,
        });
      expect((await runtime.config.set(limit, 1.5)).status).to.equal('accepted');
    });
  });

  it('does not tell what is write-only, nor repeat it in a reason', async () => {
    await withSystem(options, async ({ runtime, lines }) => {
      const key = { ...step, parameter: 'key' };
      expect(runtime.config.get(key)).to.deep.include({ value: undefined });
      expect((await runtime.config.set(key, 'secret')).status).to.equal('accepted');
      const wrong = await runtime.config.set(key, 12345);
      expect(JSON.stringify(wrong)).to.not.contain('12345');
      expect(JSON.stringify(lines.all)).to.not.contain('secret');
    });
  });

  it('is open to the module itself and to those with access', async () => {
    const access = { config: { modules: { counter: { allow_read: true } } } };
    const more = { reader: { module: 'CounterModule', access }, other: { module: 'CounterModule' } };
    await withSystem({ ...options, more }, async ({ runtime }) => {
      expect(runtime.config.get(step, 'counter')).to.be.an('object');
      expect(runtime.config.get(step, 'reader')).to.be.an('object');
      expect(runtime.config.get(step, 'other')).to.equal('access-denied');
      expect((await runtime.config.set(step, 1, 'reader')).status).to.equal('access-denied');
      expect(new Set(runtime.config.all('reader').map(({ moduleId }) => moduleId))).to.deep.equal(
        new Set(['counter', 'reader']),
      );
      expect(runtime.config.all().length).to.be.greaterThan(8);
    });
  });

  it('lets read-only parameters be set by those who may, from the next start', async () => {
    const access = { config: { allow_global_write: true, allow_set_read_only: true } };
    await withSystem(
      { ...options, more: { admin: { module: 'CounterModule', access } } },
      async ({ runtime }) => {
        const result = await runtime.config.set({ ...step, parameter: 'fixed' }, 'y', 'admin');
        expect(result.status).to.equal('reboot-required');
      },
    );
  });

  it('lets a module set what is read-only of its own, from its next start', async () => {
    await withSystem(options, async ({ runtime }) => {
      const fixed = { ...step, parameter: 'fixed' };
      expect((await runtime.config.set(fixed, 'y', 'counter')).status).to.equal('reboot-required');
      expect(runtime.config.get(fixed)).to.deep.include({ value: 'x' });
    });
  });

  it('names what does not exist', async () => {
    await withSystem(options, async ({ runtime }) => {
      for (const address of [
        { ...step, moduleId: 'x' },
        { ...step, parameter: 'x' },
        { ...step, parameter: 'constructor' },
        { ...step, implementationId: 'x' },
        { ...step, implementationId: 'constructor' },
      ])
        expect(await rejection(runtime.config.set(address, 1))).to.be.instanceOf(UnknownNameError);
    });
  });

  it('is checked as the next start will, by the manifest of the package', async () => {
    const place = new Installation();
    try {
      const config = (more: string): string =>
        `config:\n  host: { type: string, description: It, default: 10.0.0.1, mutability: ReadWrite${more} }\n`;
      place.install(
        'acme',
        { carabiner: { modules: { Acme: './manifest.yaml' } } },
        {
          'manifest.yaml': config(', format: ipv4') + MANIFEST,
          'index.js': moduleCode(
            'Acme',
            '',
            `descriptor.config = { host: { type: 'string', description: 'It', default: '10.0.0.1', mutability: 'ReadWrite' } };`,
          ),
        },
      );
      const file = join(place.folder, 'charger.yaml');
      writeFileSync(file, 'active_modules: { m: { module: Acme } }\n');
      const runtime = await createRuntime({ file, log: { level: 'silent' } });
      const host = { moduleId: 'm', parameter: 'host' };
      expect((await runtime.config.set(host, 'nowhere')).status).to.equal('rejected');
      expect((await runtime.config.set(host, '10.0.0.2')).status).to.equal('reboot-required');
      expect(loadComposition({ file }).valid).to.equal(true);
    } finally {
      place.remove();
    }
  });

  it('is kept in the overlay, and counts after the next start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'carabiner-config-'));
    try {
      const file = join(folder, 'charger.yaml');
      writeFileSync(
        file,
        `active_modules:
  counter: { module: CounterModule }
  user:
    module: UserModule
    connections: { counter: [{ module_id: counter, implementation_id: main }] }
`,
      );
      Configured.answer = () => 'reboot-required';
      await withSystem({ ...options, file }, async ({ runtime }) => {
        expect(await runtime.config.set(step, 6)).to.deep.equal({ status: 'reboot-required' });
        await runtime.config.set({ ...step, implementationId: 'main', parameter: 'limit' }, 0.5);
        Configured.answer = () => ({ rejected: 'no' });
        await runtime.config.set(step, 9);
      });
      expect(readFileSync(join(folder, 'user-config', 'charger.yaml'), 'utf8')).to.contain('step: 6');
      await withSystem({ ...options, file }, ({ runtime }) => {
        expect(runtime.config.get(step)).to.deep.include({ value: 6 });
        expect(runtime.config.get({ ...step, implementationId: 'main', parameter: 'limit' })).to.deep.include(
          { value: 0.5 },
        );
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
