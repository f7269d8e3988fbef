// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { isCallError, LogBook, type LogOptions, type ModuleClass } from '@carabiner/core';
import { CONFIGURATION_MESSAGES, readModuleSettings, runModule, type Generation } from '@carabiner/everest';
import { startRecordingBroker, type RecordingBroker } from './support/recording-broker.js';
import { eventually } from './support/system.js';
import { readTrace, replay, subscriptionsOf } from './support/trace.js';
import {
  CommandLoop,
  DCSupplySimulator,
  Example,
  ExampleErrorGlobalSubscriber,
  ExampleErrorRaiser,
  Teller,
  Watcher,
} from './support/trace-modules.js';

const GENERATIONS: readonly Generation[] = ['2026', '2025'];

interface Life {
  readonly broker: RecordingBroker;
  /** Ends the module and says how it ended. */
  readonly stop: () => Promise<number>;
}

async function join(
  moduleId: string,
  moduleClass: object,
  log: LogOptions = { level: 'silent' },
): Promise<Life> {
  const broker = await startRecordingBroker();
  const end = new AbortController();
  const ended = runModule({
    settings: readModuleSettings(
      { moduleId },
      { EV_MQTT_BROKER_HOST: '127.0.0.1', EV_MQTT_BROKER_PORT: String(broker.port) },
    ),
    modules: { [(moduleClass as ModuleClass).descriptor.module]: moduleClass as ModuleClass },
    log: new LogBook(log),
    signal: end.signal,
  });
  // So that a failure shows at the test that waits for a message that never comes.
  ended.catch((error: unknown) => {
    console.error(error);
  });
  return {
    broker,
    stop: async () => {
      end.abort();
      const code = await ended;
      await broker.close();
      return code;
    },
  };
}

for (const generation of GENERATIONS) {
  describe(`module role against captured traffic, generation ${generation}`, () => {
    let life: Life | undefined;
    afterEach(async () => {
      await life?.stop();
      life = undefined;
    });

    it('serves as the power supply: handshake, metadata, ready, variables, results', async () => {
      life = await join('psu', DCSupplySimulator);
      await replay(life.broker, 'standalone-full', 'foreign', generation);
      expect(DCSupplySimulator.lastConfig).to.include({ max_power: 50_000, bidirectional: true });
      const required = [...subscriptionsOf('standalone-full', 'foreign')].filter(
        ([filter]) => filter.includes('/cmd/') || /\/(ready|shutdown|response)$/.test(filter),
      );
      expect(required.length).to.be.greaterThan(5);
      for (const [filter, qos] of required) expect(life.broker.subscribed.get(filter), filter).to.equal(qos);
    });

    it('ends by itself with status 0 when the manager asks everybody to shut down', async () => {
      const { broker, stop } = await join('psu', DCSupplySimulator);
      await replay(broker, 'standalone-full', 'foreign', generation);
      expect(readTrace('standalone-full').some(({ topic }) => topic === 'everest/shutdown')).to.equal(true);
      expect(await stop()).to.equal(0);
    });

    it('says ready only when the broker has confirmed every subscription', async () => {
      life = await join('psu', DCSupplySimulator);
      const { broker } = life;
      const ready = broker
        .next(({ topic }) => topic === 'everest/modules/psu/ready')
        .then(() => {
          return new Map(broker.subscribed);
        });
      await replay(broker, 'standalone-full', 'foreign', generation, (topic) => topic.endsWith('/psu/ready'));
      const before = await ready;
      for (const command of ['setMode', 'setExportVoltageCurrent', 'setImportVoltageCurrent'])
        expect([...before.keys()]).to.include(`everest/modules/psu/impl/main/cmd/${command}`);
      expect([...before.keys()]).to.include.members(['everest/ready', 'everest/shutdown']);
    });

    it('calls the power supply and takes its variables', async () => {
      CommandLoop.values = [];
      CommandLoop.failure = undefined;
      const done = new Promise<void>((resolve) => {
        CommandLoop.done = resolve;
      });
      life = await join('user', CommandLoop);
      await replay(life.broker, 'dc-supply', 'user', generation);
      await done;
      const published = readTrace('dc-supply').filter(
        ({ c, topic }) => c === 'psu' && topic?.startsWith('everest/modules/psu/impl/main/var/') === true,
      );
      expect(published.length).to.be.greaterThan(4);
      expect(CommandLoop.values.length).to.equal(published.length);
      expect(CommandLoop.failure).to.equal(undefined);
      for (const [filter, qos] of subscriptionsOf('dc-supply', 'user'))
        if (/\/(var|error|response)\//.test(filter) && !filter.includes('/modules/user/'))
          expect(life.broker.subscribed.get(filter), filter).to.equal(qos);
    });

    it('turns an error result into a typed error', async () => {
      CommandLoop.failure = undefined;
      const done = new Promise<void>((resolve) => {
        CommandLoop.done = resolve;
      });
      life = await join('user', CommandLoop);
      await replay(life.broker, 'cmd-error', 'user', generation);
      await done;
      expect(isCallError(CommandLoop.failure, 'HandlerException')).to.equal(true);
      expect((CommandLoop.failure as Error).message).to.include('text of HandlerException');
    });

    it('raises and clears errors, one by one and all at once', async () => {
      life = await join('raiser', ExampleErrorRaiser);
      // The order in which "all at once" clears is nobody's promise; each has a topic of its own.
      await replay(life.broker, 'errors', 'raiser', generation);
    });

    it('hears the errors of every module', async () => {
      ExampleErrorGlobalSubscriber.heard.length = 0;
      life = await join('global_subscriber', ExampleErrorGlobalSubscriber);
      const { broker } = life;
      await Promise.all([
        replay(broker, 'errors', 'global_subscriber', generation),
        broker.subscription('everest/modules/raiser/impl/example_raiser/error/example/ExampleErrorD'),
      ]);
      for (const [filter, qos] of subscriptionsOf('errors', 'global_subscriber'))
        if (filter.includes('/error/')) expect(broker.subscribed.get(filter), filter).to.equal(qos);
      const said = readTrace('errors').filter(({ c, topic }) => c === 'raiser' && topic?.includes('/error/'));
      expect(ExampleErrorGlobalSubscriber.heard.map(({ type, state }) => [type, state])).to.deep.equal(
        said.map(({ p }) => {
          const { data } = p as { data: { type: string; state: string } };
          return [data.type, data.state];
        }),
      );
    });

    it('tells of itself as telemetry, when the manager wants it', async () => {
      const { request, response } = CONFIGURATION_MESSAGES[generation];
      life = await join('teller', Teller);
      const { broker } = life;
      const say = async (topic: string, msg_type: string, data: unknown, retain = false): Promise<void> => {
        await broker.publish({ topic, qos: 2, retain, payload: JSON.stringify({ msg_type, data }) });
      };
      const settings = { telemetry_enabled: true, telemetry_prefix: 'site-telemetry/' };
      await say('everest/settings', response, settings, true);
      await say('everest/module_names', response, { teller: 'Teller' }, true);
      const asked = await broker.next(({ topic }) => topic === 'everest/config/request');
      expect(JSON.parse(asked.payload)).to.include({ msg_type: request });
      const telemetry_config = { id: 4 };
      const module_config = { module_id: 'teller', module_name: 'Teller', telemetry_config };
      await say('everest/modules/teller/response', response, {
        status: 'Ok',
        type: 'Get',
        response: { type: 'Module', data: { module_config, mappings: {}, telemetry_config } },
      });
      await broker.next(({ topic }) => topic === 'everest/modules/teller/ready');
      await say('everest/ready', 'GlobalReady', true);
      const { topic, qos, payload } = await broker.next((message) => message.topic.startsWith('site-'));
      expect(topic).to.equal('site-telemetry/payload/4/livedata');
      const told = JSON.parse(payload) as { readonly msg_type?: string; readonly data?: string };
      expect([qos, told.msg_type]).to.deep.equal(
        generation === '2025' ? [2, 'ExternalMQTT'] : [0, undefined],
      );
      const values = JSON.parse(told.data ?? payload) as object;
      expect(values).to.include({ connector_id: 4, type: 'livedata', ac_voltage: 230.1 });
    });

    it('takes nothing but the answer to its own question for its configuration', async () => {
      const { response } = CONFIGURATION_MESSAGES[generation];
      const lines: string[] = [];
      const destination = { write: (line: string) => void lines.push(line) };
      life = await join('psu', DCSupplySimulator, { level: 'warn', format: 'json', destination });
      const { broker } = life;
      const say = async (topic: string, data: unknown): Promise<void> => {
        await broker.publish({
          topic,
          qos: 2,
          retain: topic === 'everest/module_names',
          payload: JSON.stringify({ msg_type: response, data }),
        });
      };
      const answer = async (data: unknown): Promise<void> => say('everest/modules/psu/response', data);
      await say('everest/module_names', { psu: 'DCSupplySimulator' });
      await broker.next(({ topic }) => topic === 'everest/config/request');
      const ok = { status: 'Ok', status_info: '' };
      await answer({ ...ok, type: 'Set', response: { status: 'Accepted', status_info: '' } });
      await answer({ ...ok, type: 'Get', response: { type: 'Value', data: { name: 'x', value: 1 } } });
      await answer({ ...ok, type: 'Get', response: null });
      const module_config = { module_id: 'psu', module_name: 'DCSupplySimulator' };
      const data = { module_config, mappings: {} };
      await answer({ ...ok, type: 'Get', response: { type: 'Module', data } });
      await broker.next(({ topic }) => topic === 'everest/modules/psu/ready');
      await answer({ ...ok, type: 'Get', response: { type: 'Module', data } });
      await eventually(() => lines.filter((line) => line.includes('nobody asked for')).length === 4, 'words');
    });

    it('says which errors it cannot watch when it starts late, and watches those of its connections', async () => {
      const { request, response } = CONFIGURATION_MESSAGES[generation];
      const lines: string[] = [];
      const destination = { write: (line: string) => void lines.push(line) };
      Watcher.heard.length = 0;
      life = await join('late', Watcher, { level: 'warn', format: 'json', destination });
      const { broker } = life;
      const say = async (topic: string, msg_type: string, data: unknown, retain = false): Promise<void> => {
        await broker.publish({ topic, qos: 2, retain, payload: JSON.stringify({ msg_type, data }) });
      };
      // All that a manager leaves when it has cleared its definitions.
      await say('everest/carabiner/generation', response, {}, true);
      const asked = await broker.next(({ topic }) => topic === 'everest/config/request');
      expect(JSON.parse(asked.payload)).to.include({ msg_type: request });
      const connections = { raiser: [{ module_id: 'raiser', implementation_id: 'example_raiser' }] };
      await say('everest/modules/late/response', response, {
        status: 'Ok',
        type: 'Get',
        response: {
          type: 'Module',
          data: { module_config: { module_id: 'late', module_name: 'Watcher', connections }, mappings: {} },
        },
      });
      await broker.next(({ topic }) => topic === 'everest/modules/late/ready');
      const [warning = ''] = lines.filter((line) => line.includes('are not watched'));
      expect(warning).to.include('module_names').and.to.include('--retain-topics');
      const raised = readTrace('errors').find(
        ({ c, topic }) => c === 'raiser' && topic?.endsWith('/ExampleErrorA') === true,
      );
      await broker.publish({
        topic: raised?.topic ?? '',
        qos: 2,
        retain: false,
        payload: JSON.stringify(raised?.p),
      });
      await eventually(() => Watcher.heard.length > 0, 'the error');
      expect(Watcher.heard).to.deep.equal(['example/ExampleErrorA']);
    });

    it('answers every set request, and takes part in the outside world', async () => {
      life = await join('example', Example);
      const { broker } = life;
      await replay(broker, 'config-set', 'example', generation, (topic) => topic.startsWith('external/'));
      expect(broker.subscribed.get('everest/modules/example/config/set_request')).to.equal(2);
      expect(broker.subscribed.get('external/a')).to.equal(0);
    });
  });
}
