// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { parse } from 'yaml';
import * as z from 'zod';
import type { IemDcrMeter } from './meter.js';

const stepSchema = z.strictObject({
  /** How long this step lasts, s. */
  for_s: z.number().positive(),
  voltage_V: z.number().min(0),
  /** Positive towards the vehicle. */
  current_A: z.number(),
});

const scriptSchema = z.strictObject({
  /** Begins again after the last step. */
  repeat: z.boolean().default(false),
  steps: z.array(stepSchema).min(1),
});

/** One step of a script. */
export type ScriptStep = z.output<typeof stepSchema>;

/** What flows through the meter, step by step. */
export type OutputScript = z.output<typeof scriptSchema>;

/**
 * Reads a script from YAML or JSON.
 *
 * @throws Error that names the offending path
 */
export function readScript(text: string): OutputScript {
  const result = scriptSchema.safeParse(parse(text));
  if (!result.success) throw new Error(`the output script is not valid: ${z.prettifyError(result.error)}`);
  return result.data;
}

/** Plays a script on a meter until its end, or until `signal` aborts; nothing flows afterwards. */
export async function runScript(
  script: OutputScript,
  meter: IemDcrMeter,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  try {
    do
      for (const step of script.steps) {
        meter.setOutput(step.voltage_V, step.current_A);
        await clock.sleep(step.for_s * 1000, signal);
      }
    while (script.repeat);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    meter.setOutput(0, 0);
  }
}
