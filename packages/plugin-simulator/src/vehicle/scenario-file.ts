// SPDX-License-Identifier: Apache-2.0
import { parse } from 'yaml';
import * as z from 'zod';
import { parseScript, ScriptError, type ScriptStep } from './script.js';

const argumentSchema = z.union([z.string(), z.number()]);
const stepSchema = z.union([
  z.string(),
  z
    .record(z.string(), z.union([argumentSchema, z.array(argumentSchema), z.null()]))
    .refine((step) => Object.keys(step).length === 1, 'one command for each step'),
]);
const fileSchema = z.strictObject({ description: z.string().optional(), steps: z.array(stepSchema) });

/**
 * Reads a scenario file: `steps` is a list of commands, `- plugin` or `- sleep: 5` or `- draw_power_regulated: [16, 3]`,
 * with the commands of vehicle scripts.
 *
 * @throws ScriptError saying what is wrong, when the text is no such file
 */
export function parseScenario(text: string): readonly ScriptStep[] {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new ScriptError(`no YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const file = fileSchema.safeParse(data);
  if (!file.success) throw new ScriptError(z.prettifyError(file.error));
  return parseScript(
    file.data.steps
      .map((step) => {
        if (typeof step === 'string') return step;
        return Object.entries(step)
          .map(([command, args]) => [command, ...(args === null ? [] : [args].flat())].join(' '))
          .join(' ');
      })
      .join(';'),
  );
}
