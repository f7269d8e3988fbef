// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PACKED = [
  'packages/clock',
  'packages/dialect',
  'packages/core',
  'packages/interfaces',
  'packages/everest',
  'packages/testkit',
  'packages/cli',
  'codegen',
];

/** What a program said. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end; a failure is an outcome as well. */
export async function execute(folder: string, program: string, ...args: readonly string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(program, [...args], {
      cwd: folder,
      env: { ...process.env, CI: '1' },
    });
    return { code: 0, output: `${stdout}${stderr}` };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: code ?? 1, output: `${stdout ?? ''}${stderr ?? ''}` };
  }
}

/**
 * Installs this workspace's packages into a folder as a user would have them: from packed tarballs. What they depend on
 * is linked from the workspace, so that nothing is downloaded.
 */
export async function installPacked(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  const tarballs = join(folder, 'tarballs');
  await mkdir(tarballs);
  const workspaces = PACKED.flatMap((each) => ['-w', each]);
  const packing = await execute(
    ROOT,
    'npm',
    'pack',
    '--ignore-scripts',
    '--pack-destination',
    tarballs,
    ...workspaces,
  );
  if (packing.code !== 0) throw new Error(packing.output);
  for (const each of PACKED) {
    const {
      name,
      version,
      bin = {},
    } = JSON.parse(await readFile(join(ROOT, each, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      bin?: Record<string, string>;
    };
    const target = join(modules, name);
    await mkdir(target, { recursive: true });
    const tarball = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    await run('tar', ['-xzf', join(tarballs, tarball), '-C', target, '--strip-components=1']);
    for (const [program, path] of Object.entries(bin))
      if (existsSync(join(target, path))) await symlink(join(target, path), join(modules, '.bin', program));
    await linkAll(join(ROOT, each, 'node_modules'), join(target, 'node_modules'));
  }
  await linkAll(join(ROOT, 'node_modules'), modules);
  await linkAll(join(ROOT, 'node_modules/.bin'), join(modules, '.bin'));
}

/** Links what is in one folder into another, except what is there already and the workspace's own packages. */
async function linkAll(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const target = join(to, entry.name);
    const workspace = entry.name === '@carabiner' || (entry.isSymbolicLink() && !from.endsWith('.bin'));
    if (!workspace && !existsSync(target) && entry.name !== '.bin')
      await symlink(join(from, entry.name), target);
  }
}
