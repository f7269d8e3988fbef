// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { PROCESS, run, type ExitCode, type Terminal } from './run.js';

interface GenerateFlags {
  readonly specs: readonly string[];
  readonly manifests: readonly string[];
  readonly out: string;
  readonly jsonSchema?: string;
  readonly docs?: string;
  readonly check?: boolean;
  readonly watch?: boolean;
  readonly quiet?: boolean;
}

/**
 * The command line.
 *
 * @param argv arguments without program name
 * @returns exit code: 0 good, 1 something would change or breaks, 2 errors
 */
export async function main(argv: readonly string[], terminal: Terminal = PROCESS): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command('carabiner-codegen')
    .description('Makes TypeScript, validators, JSON Schema and a reference of interface and manifest YAML.')
    .version(version())
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
    })
    .exitOverride();
  program
    .command('generate', { isDefault: true })
    .description('generate code (the default command)')
    .requiredOption(
      '--specs <dir|package...>',
      'folder with interfaces/, types/ and errors/, or npm package whose generated code is imported',
    )
    .option('--manifests <glob...>', 'manifest files; * and ** stand for names and folders', [])
    .requiredOption('--out <dir>', 'where the TypeScript goes')
    .option('--json-schema <dir>', 'where JSON Schema files go; without it none are made')
    .option('--docs <dir>', 'where the Markdown reference goes; without it none is made')
    .option('--check', 'write nothing, list what would change, exit 1 if anything would')
    .option('--watch', 'generate again whenever a file changes')
    .option('--quiet', 'no warnings and no summary')
    .action(async ({ watch: watching, ...options }: GenerateFlags) => {
      if (watching !== true) exitCode = await run(options, terminal);
      else (await import('./watch.js')).watch(options, terminal);
    });
  program
    .command('diff <old> <new>')
    .description('compare two folders of specifications; exit 1 when a change breaks providers or consumers')
    .option('--json', 'print JSON')
    .action(async (before: string, after: string, options: { readonly json?: boolean }) => {
      const { diff } = await import('./diff.js');
      exitCode = diff(before, after, options, terminal);
    });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
