// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A fenced block of a Markdown page. */
export interface Snippet {
  readonly language: string;
  /** `file=…` is written and compiled or checked; `from=…` is an excerpt of a file of the repository. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly line: number;
}

/** One command of a console block with the output that the page shows. */
export interface ConsoleStep {
  readonly command: string;
  readonly output: string;
}

/** Fenced blocks of a page, in order. */
export async function snippetsOf(path: string): Promise<readonly Snippet[]> {
  const lines = (await readFile(`${ROOT}${path}`, 'utf8')).split('\n');
  const snippets: Snippet[] = [];
  for (let index = 0; index < lines.length; index++) {
    const fence = /^```(\S*)(.*)$/.exec(lines[index] ?? '');
    if (fence === null) continue;
    const end = lines.indexOf('```', index + 1);
    snippets.push({
      language: fence[1] ?? '',
      attributes: Object.fromEntries(
        [...(fence[2] ?? '').matchAll(/(\w+)=(\S+)/g)].map(
          ([, key = '', value = '']) => [key, value] as const,
        ),
      ),
      text: lines.slice(index + 1, end).join('\n'),
      line: index + 1,
    });
    index = end;
  }
  return snippets;
}

/** Commands of a console block. */
export function consoleSteps(text: string): readonly ConsoleStep[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.split('\n');
      return { command, output: output.join('\n').trim() };
    });
}

/** True when a text is what a page shows: `…` on a line of its own stands for lines, elsewhere for characters. */
export function looksLike(actual: string, shown: string): boolean {
  const pattern = shown
    .split('\n')
    .map((line) => (line.trim() === '…' ? '[\\s\\S]*' : line.split('…').map(escaped).join('.*')))
    .join('\n')
    .replaceAll('\n[\\s\\S]*', '[\\s\\S]*')
    .replaceAll('[\\s\\S]*\n', '[\\s\\S]*');
  return new RegExp(`^${pattern}$`).test(actual.trim());
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
