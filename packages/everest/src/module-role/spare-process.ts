// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../protocol/envelope.js';
import { main as runAsModule } from './module-process.js';

/** What a spare process is told, as one line of JSON on its standard input. */
export interface Assignment {
  /** Command line of the module process that it becomes. */
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * A process that has loaded all that module processes have in common and waits to be told which module it is. Ends with
 * its standard input.
 */
export async function main(): Promise<void> {
  const assignment = readAssignment(await firstLine());
  if (assignment === undefined) process.exit(0);
  for (const name of Object.keys(process.env))
    if (!(name in assignment.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, assignment.env);
  await runAsModule(assignment.args);
}

/** Leaves the stream paused, so that whoever listens next hears of its end. */
async function firstLine(): Promise<string> {
  const { stdin } = process;
  let text = '';
  stdin.setEncoding('utf8');
  await new Promise<void>((resolve) => {
    const take = (chunk: string): void => {
      text += chunk;
      if (!text.includes('\n')) return;
      stdin.off('data', take).off('end', resolve).pause();
      resolve();
    };
    stdin.on('data', take).once('end', resolve);
  });
  return text;
}

function readAssignment(line: string): Assignment | undefined {
  if (line === '') return undefined;
  const value: unknown = JSON.parse(line);
  if (!isObject(value) || !Array.isArray(value['args']) || !isObject(value['env'])) return undefined;
  return {
    args: value['args'].map(String),
    env: Object.fromEntries(Object.entries(value['env']).map(([name, text]) => [name, String(text)])),
  };
}
