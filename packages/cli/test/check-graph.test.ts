// SPDX-License-Identifier: Apache-2.0
import { graphOf, toDot, toMermaid, toSvg } from 'carabiner';
import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { layOut } from '../dist/graph/layered-layout.js';
import { COMPOSITION, testProject } from './test-project.js';

describe('carabiner check', () => {
  it('says how many modules are fine', async () => {
    await using project = await testProject();
    const { code, stdout } = await project.carabiner('check', 'charger.yaml');
    expect([code, stdout]).to.deep.equal([0, 'charger.yaml: 2 modules, nothing wrong\n']);
  });

  it('lists every mistake with file, line, column and the nearest name', async () => {
    await using project = await testProject(`active_modules:
  imd:
    module: AcmeIdm
  other:
    module: AcmeImd
    config_module:
      resistance_Ohm: -1
      seriall: x
  listener:
    module: Listener
    connections:
      imd:
        - module_id: othr
          implementation_id: main
`);
    const { code, stdout, stderr } = await project.carabiner('check', 'charger.yaml');
    expect(code).to.equal(1);
    expect(stderr).to.equal('');
    const lines = stdout.trim().split('\n');
    expect(lines).to.have.length.greaterThan(4);
    expect(stdout).to.match(/^charger\.yaml:3:13: error: .*'AcmeIdm'.*did you mean 'AcmeImd'\?/m);
    expect(stdout).to.match(/^charger\.yaml:7:23: error: .*-1/m);
    expect(stdout).to.match(/^charger\.yaml:8:7: warning: .*'seriall'.*did you mean 'serial'\?/m);
    expect(stdout).to.match(/^charger\.yaml:13:\d+: error: .*'othr'.*did you mean 'other'\?/m);
    expect(lines.at(-1)).to.match(/^\d errors, \d warnings?$/);
  });

  it('gives findings as JSON for programs', async () => {
    await using project = await testProject('active_modules: { imd: { module: Nothing } }\n');
    const { code, stdout } = await project.carabiner('check', 'charger.yaml', '--json');
    const result = JSON.parse(stdout) as { valid: boolean; findings: { code: string; line: number }[] };
    expect(code).to.equal(1);
    expect(result.valid).to.equal(false);
    expect(result.findings[0]).to.include({ code: 'unknown-module', line: 1 });
  });

  it('answers mistakes of the user in one line, without a stack', async () => {
    await using project = await testProject();
    for (const [args, expected, code] of [
      [['check', 'missing.yaml'], /^carabiner: there is no file missing\.yaml\n$/, 1],
      [['chekc'], /unknown command 'chekc'[\s\S]*Did you mean check\?/, 2],
      [['check'], /missing required argument 'composition'/, 2],
      [['graph', 'charger.yaml', '--format', 'png'], /Allowed choices are mermaid, dot, svg/, 2],
      [['call', 'charger.yaml', 'imd/main', 'start'], /does not run here; start it with/, 3],
      [['call', 'charger.yaml', 'a/b/c', 'start'], /"a\/b\/c" is no module\/implementation/, 2],
      [['new', 'plugin', 'Bad Name', '--provides', 'kvs'], /cannot be the name of a package/, 2],
    ] as const) {
      const result = await project.carabiner(...args);
      expect(result.stderr, args.join(' ')).to.match(expected);
      expect(result.stderr, args.join(' ')).not.to.match(/\n\s+at /);
      expect(result.code, args.join(' ')).to.equal(code);
    }
  });
});

const GRAPH = graphOf([
  {
    id: 'manager',
    module: 'Manager',
    connections: {
      psu: [{ moduleId: 'psu', implementationId: 'main' }],
      bsp: [{ moduleId: 'bsp', implementationId: 'board' }],
    },
  },
  { id: 'psu', module: 'Psu<1>', connections: { bsp: [{ moduleId: 'bsp', implementationId: 'board' }] } },
  {
    id: 'bsp',
    module: 'Bsp',
    connections: {
      manager: [{ moduleId: 'manager', implementationId: 'main' }],
      x: [{ moduleId: 'gone', implementationId: 'main' }],
    },
  },
]);

describe('carabiner graph', () => {
  it('writes Mermaid, dot and SVG to the output or a file', async () => {
    await using project = await testProject();
    const mermaid = await project.carabiner('graph', 'charger.yaml');
    expect(mermaid.stdout).to.equal(
      'flowchart LR\n  n0["imd<br/><i>AcmeImd</i>"]\n  n1["listener<br/><i>Listener</i>"]\n  n1 -- "imd" --> n0\n',
    );
    const dot = await project.carabiner('graph', 'charger.yaml', '-f', 'dot');
    expect(dot.stdout).to.include('"listener" -> "imd" [label="imd"];');
    await project.carabiner('graph', 'charger.yaml', '-f', 'svg', '-o', 'charger.svg');
    const svg = await readFile(`${project.path}/charger.svg`, 'utf8');
    expect(svg)
      .to.match(/^<svg xmlns/)
      .and.include('AcmeImd')
      .and.match(/<\/svg>\n$/);
  });

  it('draws what is there of a wrong composition, and says why there is nothing', async () => {
    await using project = await testProject(COMPOSITION.replace('AcmeImd', 'NotInstalled'));
    expect((await project.carabiner('graph', 'charger.yaml')).stdout).to.include('NotInstalled');
    await project.write('bad.yaml', 'active_modules:\n\t- tab\n');
    const { code, stderr, stdout } = await project.carabiner('graph', 'bad.yaml');
    expect([code, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.match(/^bad\.yaml:2:1: error: /);
  });

  it('escapes what the languages would misunderstand and marks what is missing', () => {
    expect(toSvg(GRAPH)).to.include('Psu&lt;1&gt;').and.include('stroke-dasharray');
    expect(toMermaid(GRAPH)).to.include('Psu#lt;1#gt;').and.include(':::missing').and.include('bsp → board');
    expect(toDot(GRAPH)).to.include('"gone" [label="gone\\nmissing", color=red, style=dashed];');
  });

  it('puts consumers left of providers, cycles included, and lets no boxes overlap', () => {
    const size = { width: 100, height: 40 };
    const nodes = ['manager', 'psu', 'bsp', 'gone'].map((id) => ({ id, ...size }));
    const ends = { fromOffset: 20, toOffset: 20 };
    const { places, bends } = layOut(
      nodes,
      GRAPH.edges.map(({ from, to }) => ({ from, to, ...ends })),
      { layer: 50, row: 10 },
    );
    expect(nodes.map(({ id }) => places.get(id)?.layer)).to.deep.equal([0, 1, 2, 3]);
    // The line from manager to bsp passes the column of psu beside its box.
    const [passing] = bends[1] ?? [];
    const psu = places.get('psu')!;
    expect(passing!.x).to.equal(psu.x);
    expect(passing!.y < psu.y || passing!.y > psu.y + size.height).to.equal(true);
  });

  it('orders rows so that lines do not cross where they need not', () => {
    const edge = (from: string, to: string) => ({ from, to, fromOffset: 20, toOffset: 20 });
    const { places } = layOut(
      ['a', 'b', 'c', 'x', 'y', 'z'].map((id) => ({ id, width: 100, height: 40 })),
      [edge('a', 'z'), edge('b', 'y'), edge('c', 'x')],
      { layer: 50, row: 10 },
    );
    const y = (id: string): number => Math.round(places.get(id)?.y ?? -1);
    expect([y('z'), y('y'), y('x')]).to.deep.equal([y('a'), y('b'), y('c')]);
    expect(y('a') < y('b') && y('b') < y('c')).to.equal(true);
  });

  it('draws hundreds of modules in no time', () => {
    const ids = Array.from({ length: 300 }, (_, index) => `m${index}`);
    const graph = graphOf(
      ids.map((id, index) => ({
        id,
        module: 'M',
        connections: index === 0 ? {} : { r: [{ moduleId: `m${index >> 1}`, implementationId: 'main' }] },
      })),
    );
    // Processor time: what else the machine does is not the drawing's fault.
    const before = process.cpuUsage();
    expect(toSvg(graph).match(/<g>/g)).to.have.length(300);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000, 'milliseconds').to.be.lessThan(3_000);
  });
});
