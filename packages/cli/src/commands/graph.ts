// SPDX-License-Identifier: Apache-2.0
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { RegisterCommand } from '../command.js';
import { ExitCode } from '../exit-codes.js';
import { graphOf, type CompositionGraph } from '../graph/composition-graph.js';
import { toDot } from '../graph/dot.js';
import { toMermaid } from '../graph/mermaid.js';
import { toSvg } from '../graph/svg.js';
import { UserError } from '../user-error.js';

const FORMATS = { mermaid: toMermaid, dot: toDot, svg: toSvg } as const satisfies Record<
  string,
  (graph: CompositionGraph) => string
>;

const EXAMPLES = `
Examples:
  $ carabiner graph charger.yaml                            Mermaid, for a README
  $ carabiner graph charger.yaml --format svg -o charger.svg
  $ carabiner graph charger.yaml --format dot | dot -Tpdf -o charger.pdf
`;

/** `carabiner graph`: modules and connections of a composition as a drawing. */
export const registerGraph: RegisterCommand = (program, { io, exitWith }) => {
  program
    .command('graph')
    .description('draw the modules of a composition and their connections')
    .argument('<composition>', 'a YAML file')
    .addOption(
      new Option('-f, --format <format>', 'language of the drawing')
        .choices(Object.keys(FORMATS))
        .default('mermaid'),
    )
    .option('-o, --output <file>', 'write to a file')
    .addHelpText('after', EXAMPLES)
    .action(
      async (file: string, options: { readonly format: keyof typeof FORMATS; readonly output?: string }) => {
        const { loadComposition } = await import('@carabiner/core/composition');
        const path = resolve(io.cwd, file);
        if (!existsSync(path)) throw new UserError(`there is no file ${file}`);
        const { configuration, findings, valid } = loadComposition({ file: path });
        if (!valid && configuration.modules.length === 0) {
          const { reportFindings } = await import('../findings-report.js');
          io.err(reportFindings(findings, io.cwd));
          exitWith(ExitCode.failed);
          return;
        }
        const drawing = FORMATS[options.format](graphOf(configuration.modules));
        if (options.output === undefined) io.out(drawing);
        else writeFileSync(resolve(io.cwd, options.output), drawing);
      },
    );
};
