// SPDX-License-Identifier: Apache-2.0

/** One step of a vehicle script: a command and its arguments. */
export interface ScriptStep {
  readonly command: string;
  readonly args: readonly string[];
}

/** A script that cannot be run. */
export class ScriptError extends Error {
  readonly code = 'SIMULATOR_SCRIPT';
  override readonly name = 'ScriptError';
}

/** Command → least and largest number of arguments. Names and meaning follow EVerest's car simulator where it has them. */
export const SCRIPT_COMMANDS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  sleep: [1, 1],
  plugin: [0, 0],
  unplug: [0, 0],
  pause: [0, 0],
  error_e: [0, 0],
  diode_fail: [0, 0],
  rcd_current: [1, 1],
  iec_wait_pwr_ready: [0, 0],
  draw_power_regulated: [2, 2],
  draw_power_fixed: [2, 2],
  iso_wait_pwm_is_running: [0, 0],
  iso_wait_slac_matched: [0, 0],
  iso_start_v2g_session: [1, 4],
  iso_wait_pwr_ready: [0, 0],
  iso_dc_power_on: [0, 0],
  iso_wait_for_stop: [1, 1],
  iso_stop_charging: [0, 0],
  iso_pause_charging: [0, 0],
  iso_wait_for_resume: [0, 0],
  iso_wait_v2g_session_stopped: [0, 0],
  iso_start_bcb_toggle: [1, 1],
  set_soc: [1, 1],
  wait_until_full: [0, 1],
  emergency_stop: [0, 0],
  release_emergency_stop: [0, 0],
  isolation_fault: [1, 1],
  clear_isolation_fault: [0, 0],
  weld_relays: [0, 0],
  repair_relays: [0, 0],
};

/**
 * Parses `command arg,arg;command;…`. Arguments may be separated by blanks or commas.
 *
 * @throws ScriptError naming the step, when a command is unknown or has the wrong number of arguments
 */
export function parseScript(text: string): readonly ScriptStep[] {
  const steps: ScriptStep[] = [];
  for (const part of text.split(/[;\n]/)) {
    const [command, ...args] = part.trim().split(/[\s,]+/);
    if (command === undefined || command === '') continue;
    const arity = SCRIPT_COMMANDS[command];
    if (arity === undefined) {
      throw new ScriptError(
        `step ${steps.length + 1}: unknown command '${command}'; known: ${Object.keys(SCRIPT_COMMANDS).join(', ')}`,
      );
    }
    if (args.length < arity[0] || args.length > arity[1]) {
      throw new ScriptError(
        `step ${steps.length + 1}: '${command}' takes ${arity[0] === arity[1] ? arity[0] : `${arity[0]} to ${arity[1]}`} argument(s), got ${args.length}`,
      );
    }
    steps.push({ command, args });
  }
  return steps;
}

/**
 * Reads argument `index` of a step as a number.
 *
 * @throws ScriptError when it is none
 */
export function numberArgument(step: ScriptStep, index: number): number {
  const text = step.args[index];
  const value = Number(text);
  if (text === undefined || text === '' || !Number.isFinite(value)) {
    throw new ScriptError(`'${step.command}': argument ${index + 1} must be a number, got '${text ?? ''}'`);
  }
  return value;
}
