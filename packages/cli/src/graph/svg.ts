// SPDX-License-Identifier: Apache-2.0
import { edgeLabel, type CompositionGraph } from './composition-graph.js';
import { layOut } from './layered-layout.js';

const CHARACTER = 7.3;
const NODE_HEIGHT = 44;
const ROW_GAP = 28;
const MARGIN = 20;
/** Least space between layers; grows with the longest label between them. */
const LAYER_GAP = 70;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** A composition as a drawing that every browser shows. Nothing but this program is needed to make it. */
export function toSvg(graph: CompositionGraph): string {
  const boxes = boxesOf(graph);
  const all = [...boxes.values()];
  const width = Math.max(0, ...all.map((box) => box.x + box.width)) + MARGIN + LAYER_GAP;
  const height = Math.max(0, ...all.map((box) => box.y + NODE_HEIGHT)) + MARGIN;
  const drawn = new Map<string, number>();
  const edges = graph.edges.map((edge) => {
    const from = boxes.get(edge.from);
    const to = boxes.get(edge.to);
    if (from === undefined || to === undefined) return '';
    // Parallel connections of one pair get their labels below each other.
    const pair = `${edge.from}\n${edge.to}`;
    const parallel = drawn.get(pair) ?? 0;
    drawn.set(pair, parallel + 1);
    return drawEdge(from, to, edgeLabel(edge), parallel);
  });
  const nodes = graph.nodes.map((node) => {
    const box = boxes.get(node.id);
    return box === undefined ? '' : drawNode(box, node.id, node.module, node.missing);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="monospace" font-size="12">`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8Z" fill="#667"/></marker></defs>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...edges,
    ...nodes,
    '</svg>',
    '',
  ].join('\n');
}

function boxesOf(graph: CompositionGraph): ReadonlyMap<string, Box> {
  const places = layOut(graph);
  const widths = new Map(
    graph.nodes.map(({ id, module }) => [id, Math.max(id.length, module.length) * CHARACTER + 24]),
  );
  const layerOf = new Map(places.map(({ id, layer }) => [id, layer]));
  const boxes = new Map<string, Box>();
  const layers = Math.max(0, ...places.map(({ layer }) => layer + 1));
  const highest = Math.max(1, ...countRows(places));
  let x = MARGIN;
  for (let layer = 0; layer < layers; layer++) {
    const members = places.filter((place) => place.layer === layer);
    const width = Math.max(0, ...members.map(({ id }) => widths.get(id) ?? 0));
    // Short layers stand in the middle.
    const top = MARGIN + ((highest - members.length) * (NODE_HEIGHT + ROW_GAP)) / 2;
    for (const { id, row } of members) boxes.set(id, { x, y: top + row * (NODE_HEIGHT + ROW_GAP), width });
    const labels = graph.edges
      .filter(({ from }) => layerOf.get(from) === layer)
      .map((edge) => edgeLabel(edge).length * CHARACTER * 0.85);
    x += width + Math.max(LAYER_GAP, ...labels.map((label) => label + 40));
  }
  return boxes;
}

function countRows(places: ReturnType<typeof layOut>): number[] {
  const rows: number[] = [];
  for (const { layer, row } of places) rows[layer] = Math.max(rows[layer] ?? 0, row + 1);
  return rows;
}

function drawEdge(from: Box, to: Box, label: string, parallel: number): string {
  const x1 = from.x + from.width;
  const y1 = from.y + NODE_HEIGHT / 2 + parallel * 6;
  const backwards = to.x <= from.x;
  const x2 = backwards ? to.x + to.width : to.x;
  const y2 = to.y + NODE_HEIGHT / 2 + parallel * 6;
  const bend = backwards ? LAYER_GAP : Math.max(30, (x2 - x1) / 2);
  const control = backwards ? x2 + bend : x2 - bend;
  const path = `M${round(x1)} ${round(y1)}C${round(x1 + bend)} ${round(y1)} ${round(control)} ${round(y2)} ${round(x2)} ${round(y2)}`;
  // The label stands near its consumer, where connections have not yet met.
  const at = 0.3;
  const labelX = cubic(x1, x1 + bend, control, x2, at);
  const labelY = cubic(y1, y1, y2, y2, at) - 4 + parallel * 8;
  return `<path d="${path}" fill="none" stroke="#667" marker-end="url(#arrow)"/><text x="${round(labelX)}" y="${round(labelY)}" text-anchor="middle" font-size="10" fill="#445" stroke="#fff" stroke-width="3" paint-order="stroke">${escaped(label)}</text>`;
}

function drawNode({ x, y, width }: Box, id: string, module: string, missing: boolean): string {
  const centre = round(x + width / 2);
  const style = missing ? 'fill="#fff" stroke="#c00" stroke-dasharray="4"' : 'fill="#eef4fb" stroke="#356"';
  return `<g><rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${NODE_HEIGHT}" rx="6" ${style}/><text x="${centre}" y="${round(y + 18)}" text-anchor="middle" font-weight="bold">${escaped(id)}</text><text x="${centre}" y="${round(y + 34)}" text-anchor="middle" fill="#567">${escaped(module)}</text></g>`;
}

function cubic(a: number, b: number, c: number, d: number, t: number): number {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
