// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EvseManager } from '@carabiner/plugin-evse-manager';
import { DIRECT_TRANSITIONS } from '../../dist/charger/direct-transitions.js';
import { CHARGER_TABLE, type Transition } from '../../dist/charger/table.js';
import { CHARGER_STATES, type ChargerState, type ChargerView } from '../../dist/charger/view.js';
import {
  INITIAL_PILOT_STATE,
  stepPilot,
  type PilotOutput,
  type PilotState,
} from '../../dist/control-pilot/machine.js';
import { CABLE_CHECK_STEPS } from '../../dist/dc/cable-check.js';
import { DEPARTURES, RULES } from './deviations.js';

/* The parts of the documents that are made of tables of the program. */

const LEVELS = ['A', 'B', 'C', 'D', 'E', 'F'] as const;

function targets(transition: Transition, from: ChargerState): string[] {
  if (transition.to !== 'return') return [transition.to];
  const walks = CHARGER_STATES.flatMap((state) => CHARGER_TABLE[state].transitions)
    .filter((row) => row.to === from)
    .flatMap((row) => row.returns ?? [])
    .map((stage) => stage.to);
  return [...new Set([...walks, 'WaitingForAuthentication'])];
}

/** The charger machine as a Mermaid diagram. */
export function chargerDiagram(): string {
  const lines = CHARGER_STATES.flatMap((from) =>
    CHARGER_TABLE[from].transitions.flatMap((transition) =>
      targets(transition, from).map((to) => `  ${from} --> ${to}: ${transition.when.replaceAll(':', ' –')}`),
    ),
  );
  const direct = DIRECT_TRANSITIONS.map(
    ({ from, to, when }) => `  ${from} --> ${to}: ${when.replaceAll(':', ' –')}`,
  );
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> Idle', ...lines, ...direct, '```'].join('\n');
}

/** A view in which nothing is going on; enough to ask a state for its entry effects. */
const QUIET: ChargerView = {
  dc: true,
  hlcActive: true,
  d20: false,
  authorised: false,
  plugAndCharge: false,
  transaction: 'none',
  plugged: true,
  disableRequested: false,
  fatal: false,
  power: true,
  userPause: false,
  evRequestsPower: false,
  hlcAllowsPower: false,
  relaysClosed: false,
  signal: 'X1',
  digital: true,
  settling: false,
  inStateMs: 0,
  withPowerMs: 0,
  withoutPowerMs: 0,
  withoutPowerLimitMs: 5000,
  settleEnergyMs: 5000,
  chargeLoop: false,
  bcbComplete: false,
  linkEnd: 'unknown',
  slacStarted: false,
  v2gSetUp: false,
  acHlc: false,
  sinceTransactionMs: 0,
  cableRatingMissing: false,
  enforceHlc: false,
  wokenUp: false,
  stepDone: false,
  pauseReasons: [],
};

/** What each state does on arrival, DC and AC without high level communication. */
export function entryTable(): string {
  const row = (state: ChargerState): string => {
    const effects = (view: ChargerView): string =>
      CHARGER_TABLE[state]
        .entry(view)
        .map((effect) => `\`${effect}\``)
        .join(', ');
    const transaction = state === 'Finished' ? 'active' : 'none';
    const dc = effects({ ...QUIET, transaction });
    const ac = effects({ ...QUIET, transaction, dc: false, hlcActive: false, digital: false });
    return `| ${state} | ${dc} | ${ac === dc ? 'the same' : ac} |`;
  };
  return ['| state | on arrival, DC | on arrival, AC |', '|---|---|---|', ...CHARGER_STATES.map(row)].join(
    '\n',
  );
}

function outputText(output: PilotOutput): string {
  switch (output.type) {
    case 'event':
      return `**${output.event}**`;
    case 'relayPermission':
      return output.on ? 'permit relays' : 'forbid relays';
    case 'x1':
      return 'X1';
    case 'pwm':
      return 'PWM';
    default:
      return output.type;
  }
}

const PILOT = { hasVentilation: true, lockInStateB: true, unlockWhenDeauthorised: false };

function pilotAt(level: (typeof LEVELS)[number]): PilotState {
  let state = stepPilot(INITIAL_PILOT_STATE, { type: 'enable' }, PILOT, 0).state;
  state = stepPilot(state, { type: 'level', level: 'A' }, PILOT, 0).state;
  if (level === 'A') return state;
  state = stepPilot(state, { type: 'level', level: 'B' }, PILOT, 0).state;
  state = stepPilot(state, { type: 'pwm', percent: 20 }, PILOT, 0).state;
  return level === 'B' ? state : stepPilot(state, { type: 'level', level }, PILOT, 0).state;
}

/** What the pilot machine does on each change of the level, found by trying. */
export function pilotTable(): string {
  const cell = (from: (typeof LEVELS)[number], to: (typeof LEVELS)[number]): string => {
    if (from === to) return '';
    const { outputs } = stepPilot(pilotAt(from), { type: 'level', level: to }, PILOT, 0);
    return outputs.map(outputText).join(', ') || '–';
  };
  return [
    `| from \\ to | ${LEVELS.join(' | ')} |`,
    `|---|${LEVELS.map(() => '---').join('|')}|`,
    ...LEVELS.map((from) => `| ${from} | ${LEVELS.map((to) => cell(from, to)).join(' | ')} |`),
  ].join('\n');
}

/** The cable check as a Mermaid diagram. */
export function cableCheckDiagram(): string {
  const steps = CABLE_CHECK_STEPS.filter((step) => step !== 'failing');
  const lines = steps.flatMap((step, index) => [
    `  ${step} --> ${steps[index + 1] ?? 'passed'}`,
    `  ${step} -.-> failing`,
  ]);
  return ['```mermaid', 'flowchart LR', ...lines, '  failing --> failed', '```'].join('\n');
}

const cells = (...texts: readonly string[]): string =>
  `| ${texts.map((text) => text.replaceAll('|', '/')).join(' | ')} |`;

/** Where replayed recordings deliberately differ. */
export function deviationTables(): string {
  return [
    '| in every recording | why |',
    '|---|---|',
    ...RULES.map((rule) => cells(rule.what, rule.why)),
    '',
    '| recording | from | why | our events instead |',
    '|---|---|---|---|',
    ...DEPARTURES.map((departure) =>
      cells(
        `\`${departure.trace}\``,
        `${departure.fromMs} ms${departure.toMs === undefined ? '' : ` to ${departure.toMs} ms`}`,
        departure.why,
        departure.events.join(', '),
      ),
    ),
  ].join('\n');
}

/** Options of the module, from its manifest. */
export function optionsTable(): string {
  const rows = Object.entries(EvseManager.descriptor.config).map(([name, parameter]) => {
    const allowed = parameter.enum === undefined ? '' : ` (${parameter.enum.join(', ')})`;
    const standard =
      parameter.default === undefined ? 'required' : `\`${JSON.stringify(parameter.default)}\``;
    return cells(`\`${name}\``, `${parameter.type}${allowed}`, standard, parameter.description);
  });
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

const PARTS: Readonly<Record<string, () => string>> = {
  'charger-diagram': chargerDiagram,
  'entry-table': entryTable,
  'pilot-table': pilotTable,
  'cable-check-diagram': cableCheckDiagram,
  deviations: deviationTables,
  options: optionsTable,
};

/** Documents with generated parts. */
export const DOCUMENTS = [
  fileURLToPath(new URL('../../../../docs/evse-manager.md', import.meta.url)),
  fileURLToPath(new URL('../../README.md', import.meta.url)),
] as const;

/** A document with its generated parts as they have to be. */
export function rendered(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(
    /<!-- generated: ([a-z-]+) -->\n[\s\S]*?<!-- end -->/g,
    (_match, name: string) => {
      const part = PARTS[name];
      if (part === undefined) throw new Error(`no generated part is called ${name}`);
      return `<!-- generated: ${name} -->\n\n${part()}\n\n<!-- end -->`;
    },
  );
}

/** Writes the generated parts. */
export function updateDocuments(): void {
  for (const file of DOCUMENTS) writeFileSync(file, rendered(file));
}
