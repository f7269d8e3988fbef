// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { copyFile, rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const PROBE = fileURLToPath(new URL('./probe.js', import.meta.url));
const PROBE_TIMEOUT_MS = 60_000;

/** Says what is wrong with a data file, or undefined when it is intact. Never opens it in this process. */
export async function findDamage(file: string): Promise<string | undefined> {
  if ((await stat(file)).size === 0) return 'it is empty';
  const copy = `${file}.probe`;
  try {
    await copyFile(file, copy);
    return await probe(copy, 'copy');
  } catch (error) {
    // a charger with a full disk still has to find its open transaction
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return await probe(file, 'original');
  } finally {
    await rm(copy, { force: true });
    await rm(`${copy}-lock`, { force: true });
  }
}

async function probe(file: string, what: 'copy' | 'original'): Promise<string | undefined> {
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      [PROBE, file, what],
      { timeout: PROBE_TIMEOUT_MS, env: { ...process.env, NODE_OPTIONS: '' }, maxBuffer: 64 * 1024 },
      (error, _stdout, stderr) => {
        if (error === null) resolve(undefined);
        else if (error.killed === true) resolve('reading it did not end');
        else if (typeof error.code === 'number' && stderr !== '') resolve(lastLine(stderr));
        else resolve('its structure is broken');
      },
    );
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.replace(/\.$/, '') ?? '';
}
