// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { RegisterCommand } from '../command.js';
import { ExitCode } from '../exit-codes.js';

const EXAMPLES = `
Joins the EVerest system behind the broker as the module <id> of its run configuration, in which it is marked
"standalone: true" (or given to the manager with --standalone <id>). Started before, with or after the manager, it comes
to ready in each case; it ends with the system's shutdown, SIGTERM or Ctrl-C.

Without options it takes what EVerest's manager puts into the environment: EV_MODULE, EV_MQTT_BROKER_HOST,
EV_MQTT_BROKER_PORT, EV_MQTT_BROKER_SOCKET_PATH, EV_MQTT_EVEREST_PREFIX, EV_MQTT_EXTERNAL_PREFIX; MQTT_SERVER_ADDRESS and
MQTT_SERVER_PORT beat them all. CARABINER_MQTT_USERNAME and CARABINER_MQTT_PASSWORD are for brokers that ask.

Examples:
  $ carabiner module @carabiner/plugin-huawei-psu --module-id psu
  $ carabiner module HuaweiPsu --module-id psu --mqtt-broker-host 10.0.0.5
`;

/** `carabiner module`: one plugin as a module of an EVerest system. */
export const registerModule: RegisterCommand = (program, { io, exitWith }) => {
  program
    .command('module')
    .description('run one plugin as a module of an EVerest system')
    .argument('[target]', 'npm package or module name; default the name that the manager tells')
    .option('--module-id <id>', 'module id in the run configuration of the system')
    .option('--mqtt-broker-host <host>', 'default localhost')
    .option('--mqtt-broker-port <port>', 'default 1883')
    .option('--mqtt-broker-socket-path <path>', 'Unix socket of the broker, instead of host and port')
    .option('--mqtt-everest-prefix <prefix>', 'default everest')
    .option('--mqtt-external-prefix <prefix>', 'put before topics of the outside world; default empty')
    .addOption(
      new Option(
        '--generation <year>',
        'generation of the protocol; needed only when the module starts after the definitions were cleared',
      ).choices(['2025', '2026']),
    )
    .option('--folder <path>', 'folder from which packages are looked for; default the working directory')
    .addOption(
      new Option('-l, --log-level <level>', 'what is logged').choices([
        'silent',
        'error',
        'warn',
        'info',
        'debug',
        'trace',
      ]),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (target: string | undefined, options: Readonly<Record<string, string>>) => {
      const { parseModuleArguments, runModuleProcess } = await import('@carabiner/everest');
      const { folder = '.', ...rest } = options;
      const args = Object.entries(rest).flatMap(([name, value]) => [
        `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
        value,
      ]);
      const parsed = parseModuleArguments(target === undefined ? args : [target, ...args]);
      const code = await runModuleProcess({ ...parsed, folder: resolve(io.cwd, folder) }, io.env);
      exitWith(code === 0 ? ExitCode.ok : ExitCode.failed);
    });
};
