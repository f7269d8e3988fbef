// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  CompositionSource,
  everestBroker,
  MqttSettingsError,
  readComposition,
  type EverestBroker,
} from '@carabiner/core';

type Environment = Readonly<Record<string, string>>;

function found(settings: object, env: Environment): EverestBroker | undefined {
  const { configuration } = readComposition(CompositionSource.of({ settings, active_modules: {} }));
  return everestBroker(configuration.settings, env);
}

describe("the broker of EVerest's settings", () => {
  const named = { mqtt_broker_host: 'inside', mqtt_broker_port: 1_884 };
  const socket = { mqtt_broker_socket_path: '/run/broker.sock' };
  for (const [title, settings, env, broker] of [
    ['is none when nobody names one', {}, {}, undefined],
    ['is none for empty variables', {}, { MQTT_SERVER_ADDRESS: '', MQTT_SERVER_PORT: '' }, undefined],
    ['is that of the settings', named, {}, { host: 'inside', port: 1_884 }],
    ['has a default port', { mqtt_broker_host: 'inside' }, {}, { host: 'inside', port: 1_883 }],
    ['is on this machine by default', { mqtt_broker_port: 1 }, {}, { host: 'localhost', port: 1 }],
    ['may be a socket', socket, { MQTT_SERVER_PORT: '1885' }, { socketPath: '/run/broker.sock' }],
    [
      'is that of the environment, which overrides the settings',
      named,
      { MQTT_SERVER_ADDRESS: 'outside', MQTT_SERVER_PORT: '1885' },
      { host: 'outside', port: 1_885 },
    ],
    [
      'may have its host alone overridden',
      named,
      { MQTT_SERVER_ADDRESS: 'outside' },
      { host: 'outside', port: 1_884 },
    ],
    [
      'may have its port alone overridden',
      named,
      { MQTT_SERVER_PORT: '1885' },
      { host: 'inside', port: 1_885 },
    ],
    [
      'may be named by the environment alone',
      {},
      { MQTT_SERVER_ADDRESS: 'outside' },
      { host: 'outside', port: 1_883 },
    ],
    [
      'is on this machine when the environment names a port alone',
      {},
      { MQTT_SERVER_PORT: '1885' },
      { host: 'localhost', port: 1_885 },
    ],
  ] as const)
    it(title, () => {
      expect(found(settings, env)).to.deep.equal(broker);
    });

  it('is refused when the environment contradicts a socket', () => {
    expect(() => found(socket, { MQTT_SERVER_ADDRESS: 'outside' }))
      .to.throw(MqttSettingsError)
      .with.property('message')
      .that.includes("MQTT_SERVER_ADDRESS is 'outside'")
      .and.includes('/run/broker.sock');
  });

  for (const port of ['tcp://10.0.0.1:1883', '0', '65536', '1883.5', ' '])
    it(`is refused when the port of the environment is '${port}'`, () => {
      expect(() => found(named, { MQTT_SERVER_PORT: port })).to.throw(
        MqttSettingsError,
        `MQTT_SERVER_PORT is '${port}'`,
      );
    });
});
