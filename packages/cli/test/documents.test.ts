// SPDX-License-Identifier: Apache-2.0
import { tempDir, type TempDir } from '@carabiner/testkit';
import { runCli } from 'carabiner';
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { consoleSteps, looksLike, ROOT, snippetsOf, type ConsoleStep, type Snippet } from './document.js';
import { execute } from './packed-install.js';
import { eventually, TestTerminal } from './test-project.js';

/** A reader who does what a page says, step by step, in a folder with everything installed. */
class Reader {
  cwd: string;
  /** What the page runs with npm. */
  readonly scripts: (readonly string[])[] = [];
  readonly #running: { terminal: TestTerminal; ended: Promise<number> }[] = [];

  constructor(private readonly folder: TempDir) {
    this.cwd = folder.path;
  }

  async follow(snippet: Snippet): Promise<void> {
    const { file, from } = snippet.attributes;
    if (from !== undefined) await this.#compare(from, snippet);
    else if (file !== undefined) await this.#write(file, snippet.text);
    else if (snippet.language === 'console')
      for (const step of consoleSteps(snippet.text)) await this.#run(step, snippet);
    else if (snippet.language === 'sh') this.#install(snippet);
    else throw new Error(`line ${snippet.line}: a ${snippet.language} block that no test looks at`);
  }

  async end(): Promise<void> {
    for (const { terminal, ended } of this.#running) {
      terminal.signal();
      expect(await ended).to.equal(0);
    }
  }

  async #compare(from: string, { text, line }: Snippet): Promise<void> {
    const source = await readFile(`${ROOT}${from}`, 'utf8');
    expect(source.includes(text), `line ${line} is not in ${from}:\n${text}`).to.equal(true);
  }

  async #write(file: string, text: string): Promise<void> {
    const path = join(this.cwd, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${text}\n`);
  }

  async #run({ command, output }: ConsoleStep, { line }: Snippet): Promise<void> {
    const [program = '', ...args] = command.split(/\s+/);
    if (program === 'cd') {
      this.cwd = join(this.cwd, args[0] ?? '');
      return;
    }
    if (program === 'npm') {
      // Done at the end of the page, when all its files are there.
      this.scripts.push(args);
      return;
    }
    expect(program, `line ${line}`).to.equal('carabiner');
    const terminal = new TestTerminal(this.cwd, this.folder.join('run'));
    const ended = runCli(args, terminal);
    if (args[0] === 'run') {
      this.#running.push({ terminal, ended });
      await eventually(() => terminal.stdout.includes('runtime running'), `line ${line}: ${command}`);
      return;
    }
    await ended;
    const shown = terminal.stdout + terminal.stderr;
    expect(looksLike(shown, output), `line ${line}: ${command} printed\n${shown}`).to.equal(true);
  }

  /** Not executed, since that would download; what is installed must be what the workspace has. */
  #install({ text, line }: Snippet): void {
    for (const command of text.split('\n')) {
      expect(command, `line ${line}`).to.match(/^npm install( \S+)+$/);
      for (const name of command.split(' ').slice(2))
        expect(existsSync(join(ROOT, 'node_modules', name, 'package.json')), name).to.equal(true);
    }
  }
}

async function workshop(): Promise<TempDir> {
  const folder = await tempDir('carabiner-docs-');
  await symlink(join(ROOT, 'node_modules'), folder.join('node_modules'));
  return folder;
}

/** Every link of a page that points into the repository. */
function links(text: string): readonly string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
}

describe('documents', function () {
  this.timeout(120_000);

  for (const page of ['docs/writing-a-driver.md', 'docs/composing-a-charger.md'])
    it(`${page}: everything in it compiles, runs and prints what it says`, async () => {
      await using folder = await workshop();
      const reader = new Reader(folder);
      try {
        for (const snippet of await snippetsOf(page)) await reader.follow(snippet);
        for (const args of reader.scripts) {
          const done = await execute(reader.cwd, 'npm', ...args);
          expect(done.code, done.output).to.equal(0);
        }
        for (const name of ['package.yaml', 'settings.yaml'])
          if (existsSync(join(reader.cwd, name)))
            expect(await runCli(['check', name], new TestTerminal(reader.cwd, folder.join('run')))).to.equal(
              0,
            );
      } finally {
        await reader.end();
      }
    });

  it('link to files that exist', async () => {
    for (const page of [
      'docs/writing-a-driver.md',
      'docs/composing-a-charger.md',
      'packages/cli/README.md',
      'packages/testkit/README.md',
      'examples/vendor-psu/README.md',
    ])
      for (const link of links(await readFile(`${ROOT}${page}`, 'utf8')))
        expect(existsSync(join(ROOT, dirname(page), link)), `${page} → ${link}`).to.equal(true);
  });

  it('name every setting, and exit code', async () => {
    const page = await readFile(`${ROOT}docs/composing-a-charger.md`, 'utf8');
    const settings = await readFile(`${ROOT}packages/core/src/composition/settings.ts`, 'utf8');
    const keys = /const CARABINER_KEYS = \[([^\]]+)\]/.exec(settings)?.[1]?.match(/\w+/g) ?? [];
    expect(keys).to.have.length.greaterThan(8);
    for (const key of keys) expect(page).to.include(`| \`${key}\``);
    const { ExitCode } = await import('carabiner');
    for (const code of Object.values(ExitCode)) expect(page).to.match(new RegExp(`^\\| ${code} +\\|`, 'm'));
  });

  it('name every command, and every option of run', async () => {
    await using folder = await workshop();
    const readme = await readFile(`${ROOT}packages/cli/README.md`, 'utf8');
    const help = async (...args: readonly string[]): Promise<string> => {
      const terminal = new TestTerminal(folder.path, folder.join('run'));
      await runCli([...args, '--help'], terminal);
      return terminal.stdout;
    };
    const commands = [...(await help()).matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name = '']) => name);
    expect(commands).to.include('check');
    for (const command of commands.filter((name) => name !== 'help'))
      expect(readme, command).to.match(new RegExp(`^\\| \`${command}\\b`, 'm'));
    for (const [option] of (await help('run')).matchAll(/--(?!help)[a-z][a-z-]+/g))
      expect(readme, option).to.include(`| \`${option}`);
  });

  it('show the terminal relative paths only', async () => {
    await using folder = await workshop();
    await mkdir(folder.join('sub'));
    const terminal = new TestTerminal(folder.path, folder.join('run'));
    await writeFile(folder.join('sub/bad.yaml'), 'active_modules: 1\n');
    await runCli(['check', 'sub/bad.yaml'], terminal);
    expect(terminal.stdout).to.match(/^sub\/bad\.yaml:1:/);
  });
});
