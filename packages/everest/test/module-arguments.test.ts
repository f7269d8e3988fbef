// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { parseModuleArguments } from '@carabiner/everest';
import { expect } from 'chai';
import { guestCommand } from '../dist/manager-role/module-command.js';
import { spawnChild } from '../dist/manager-role/supervised-process.js';

describe('command lines of modules', () => {
  it('are read in either spelling of the options, with values as they are', () => {
    expect(
      parseModuleArguments([
        'Supply',
        '--module-id=my-module',
        '--mqtt-broker-host=my-broker.local',
        '--mqtt_broker_socket_path=/run/mosquitto-1/x-y.sock',
        '--mqtt_external_prefix=site-7/a=b-c',
        '--folder',
        '/opt/my-plugins',
        '--log-level',
        'debug',
      ]),
    ).to.deep.include({
      target: 'Supply',
      moduleId: 'my-module',
      brokerHost: 'my-broker.local',
      brokerSocketPath: '/run/mosquitto-1/x-y.sock',
      externalPrefix: 'site-7/a=b-c',
      folder: '/opt/my-plugins',
      logLevel: 'debug',
    });
  });

  it('of binaries begin with id and name of the module', async () => {
    const guest = {
      module: 'EvseSlac',
      kind: 'binary',
      file: '/usr/libexec/everest/modules/EvseSlac/EvseSlac',
      needsMqtt5: true,
    };
    const entry = { id: 'slac', capabilities: [] };
    const system = {
      broker: { host: '127.0.0.1', port: 1883 },
      brokerEnvironment: {},
      prefixes: { everest: 'everest/', external: '', telemetry: 'everest-telemetry/' },
      folders: undefined,
      folder: '/',
      logLevel: 'info',
      logFormat: 'json',
      identity: { setpriv: undefined, runAs: undefined },
      spare: false,
    };
    type Given = Parameters<typeof guestCommand>;
    const { argv0 } = guestCommand(entry as unknown as Given[0], guest as Given[1], system, {});
    expect(argv0).to.equal('slac:EvseSlac');
    const script = `process.exit(process.argv0 === 'slac:EvseSlac' ? 42 : 1)`;
    const child = spawnChild({
      file: process.execPath,
      args: ['-e', script],
      env: process.env,
      argv0: 'slac:EvseSlac',
    });
    expect(await once(child, 'exit')).to.deep.equal([42, null]);
  });
});
