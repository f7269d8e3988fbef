// SPDX-License-Identifier: Apache-2.0
import { edgeLabel, type CompositionGraph } from './composition-graph.js';

/** A composition in the language of Graphviz. */
export function toDot({ nodes, edges }: CompositionGraph): string {
  const lines = ['digraph composition {', '  rankdir=LR;', '  node [shape=box, style=rounded];'];
  for (const { id, module, missing } of nodes)
    lines.push(
      `  ${text(id)} [label=${text(`${id}\n${module}`)}${missing ? ', color=red, style=dashed' : ''}];`,
    );
  for (const edge of edges)
    lines.push(`  ${text(edge.from)} -> ${text(edge.to)} [label=${text(edgeLabel(edge))}];`);
  return `${[...lines, '}'].join('\n')}\n`;
}

function text(value: string): string {
  return `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}
