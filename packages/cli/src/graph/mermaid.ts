// SPDX-License-Identifier: Apache-2.0
import { edgeLabel, type CompositionGraph } from './composition-graph.js';

/** A composition as a Mermaid flow chart. */
export function toMermaid({ nodes, edges }: CompositionGraph): string {
  // Mermaid takes some words (`end`) and characters for its own, so nodes are numbered and named by their label.
  const numbers = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const lines = ['flowchart LR'];
  for (const { id, module, missing } of nodes)
    lines.push(
      `  ${numbers.get(id) ?? id}["${quoted(id)}<br/><i>${quoted(module)}</i>"]${missing ? ':::missing' : ''}`,
    );
  for (const edge of edges)
    lines.push(
      `  ${numbers.get(edge.from) ?? edge.from} -- "${quoted(edgeLabel(edge))}" --> ${numbers.get(edge.to) ?? edge.to}`,
    );
  if (nodes.some(({ missing }) => missing)) lines.push('  classDef missing stroke:#c00,stroke-dasharray:4');
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return text.replace(/&/g, '#amp;').replace(/"/g, '#quot;').replace(/</g, '#lt;').replace(/>/g, '#gt;');
}
