// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { systemClock } from '@carabiner/clock';
import { Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { ControlServer } from './control-server.js';
import { IemDcrGateway } from './gateway.js';
import { readKeyFile } from './key-file.js';
import { IemDcrMeter } from './meter.js';
import { readScript, runScript } from './output-script.js';
import { readSwitches } from './switches.js';

interface CommandOptions {
  host: string;
  port: number;
  controlPort?: number;
  serial: string;
  key: string;
  voltage: number;
  current: number;
  script?: string;
  switches?: string;
  set: Record<string, unknown>;
  quiet: boolean;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a number was expected');
  return value;
}

function assignment(text: string, previous: Record<string, unknown>): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('name=value was expected');
  return { ...previous, [text.slice(0, at)]: parse(text.slice(at + 1)) as unknown };
}

async function run(options: CommandOptions): Promise<void> {
  const script = options.script === undefined ? undefined : readScript(readFileSync(options.script, 'utf8'));
  const meter = new IemDcrMeter(systemClock, {
    serial: options.serial,
    key: readKeyFile(options.key),
    switches: readSwitches(
      options.switches === undefined ? '' : readFileSync(options.switches, 'utf8'),
      options.set,
    ),
  });
  const gateway = new IemDcrGateway(meter, systemClock, { host: options.host, port: options.port });
  if (!options.quiet)
    gateway.on('request', ({ method, path, body, status, fault }) => {
      const outcome =
        fault === undefined
          ? String(status)
          : `${fault.kind}${status === undefined ? '' : ` after ${status}`}`;
      console.log(`${method} ${path} ${body} → ${outcome}`);
    });
  await gateway.plugIn();
  console.log(`IEM-DCR ${meter.serial} on http://${options.host}:${gateway.port}/counter/v1/ocmf/gw`);
  console.log(`public key ${meter.publicKeyHex}`);
  const control = options.controlPort === undefined ? undefined : new ControlServer(gateway);
  if (control !== undefined)
    console.log(`control on http://127.0.0.1:${await control.listen(options.controlPort ?? 0)}/state`);
  const stop = new AbortController();
  meter.setOutput(options.voltage, options.current);
  const playing = script === undefined ? undefined : runScript(script, meter, systemClock, stop.signal);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  stop.abort();
  await Promise.all([playing, gateway.unplug(), control?.close()]);
}

/** The `iem-dcr-simulator` command. */
export function simulatorCommand(): Command {
  return new Command('iem-dcr-simulator')
    .description(
      'A DC meter Isabellenhütte IEM-DCR with its REST gateway, its registers and a real signing key.',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port of the REST gateway; 0 takes any free one', number, 8080)
    .option(
      '--control-port <number>',
      'port on 127.0.0.1 for steering the simulator; none without it',
      number,
    )
    .option('--serial <text>', 'serial number of the meter', '1ISA0200000001')
    .option(
      '--key <file>',
      'PEM file with the signing key; made when it is not there. Without it: a new key each time',
      '',
    )
    .option('--voltage <V>', 'voltage at the meter', number, 0)
    .option('--current <A>', 'current through the meter, positive towards the vehicle', number, 0)
    .option('--script <file>', 'YAML with steps of voltage and current')
    .option('--switches <file>', 'YAML with switches')
    .option('--set <name=value>', 'one switch, may be repeated', assignment, {})
    .option('--quiet', 'no line for each request', false)
    .action(async (options: CommandOptions) => {
      await run(options);
    });
}
