// SPDX-License-Identifier: Apache-2.0
import type { CompositionGraph, GraphNode } from './composition-graph.js';
import { layOut, type LayoutEdge, type Layout } from './layered-layout.js';

const CHARACTER = 7.3;
const SMALL_CHARACTER = 6.1;
const HEADER = 42;
const PORT = 16;
const MARGIN = 20;
const GAPS = { layer: 90, row: 26 } as const;

/** A module's box: its provided implementations on the left, its requirements on the right. */
interface Box extends GraphNode {
  readonly implementations: readonly string[];
  readonly requirements: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** A composition as a drawing that every browser shows. Nothing but this program is needed to make it. */
export function toSvg(graph: CompositionGraph): string {
  const boxes = new Map(graph.nodes.map((node) => [node.id, boxOf(node, graph)]));
  const edges: readonly LayoutEdge[] = graph.edges.map((edge) => ({
    from: edge.from,
    to: edge.to,
    fromOffset: portOffset(boxes.get(edge.from)?.requirements, edge.requirement),
    toOffset: portOffset(boxes.get(edge.to)?.implementations, edge.implementation),
  }));
  const layout = layOut([...boxes.values()], edges, GAPS);
  const backwards = edges.filter(({ from, to }) => isBackwards(layout, from, to)).length;
  const width = layout.width + 2 * MARGIN;
  const height = layout.height + 2 * MARGIN + backwards * 14;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="${-MARGIN} ${-MARGIN} ${round(width)} ${round(height)}" font-family="monospace" font-size="12">`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8Z" fill="#667"/></marker></defs>',
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="100%" height="100%" fill="#fff"/>`,
    ...drawEdges(edges, boxes, layout),
    ...[...boxes.values()].map((box) => drawBox(box, layout)),
    '</svg>',
    '',
  ].join('\n');
}

function boxOf(node: GraphNode, { edges }: CompositionGraph): Box {
  const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
  const implementations = unique(edges.filter(({ to }) => to === node.id).map((edge) => edge.implementation));
  const requirements = unique(edges.filter(({ from }) => from === node.id).map((edge) => edge.requirement));
  const longest = (names: readonly string[]): number => Math.max(0, ...names.map(({ length }) => length));
  return {
    ...node,
    implementations,
    requirements,
    width: Math.max(
      Math.max(node.id.length, node.module.length) * CHARACTER + 24,
      (longest(implementations) + longest(requirements)) * SMALL_CHARACTER + 40,
    ),
    height: HEADER + Math.max(implementations.length, requirements.length) * PORT + 6,
  };
}

function portOffset(ports: readonly string[] | undefined, name: string): number {
  return HEADER + ((ports?.indexOf(name) ?? 0) + 0.5) * PORT;
}

function isBackwards({ places }: Layout, from: string, to: string): boolean {
  return (places.get(to)?.layer ?? 0) <= (places.get(from)?.layer ?? 0);
}

function drawEdges(
  edges: readonly LayoutEdge[],
  boxes: ReadonlyMap<string, Box>,
  layout: Layout,
): readonly string[] {
  let backwards = 0;
  return edges.map((edge, index) => {
    const from = layout.places.get(edge.from);
    const to = layout.places.get(edge.to);
    const box = boxes.get(edge.from);
    if (from === undefined || to === undefined || box === undefined) return '';
    const start = { x: from.x + box.width, y: from.y + edge.fromOffset };
    const end = { x: to.x, y: to.y + edge.toOffset };
    const path = isBackwards(layout, edge.from, edge.to)
      ? around(start, end, layout.height + 14 * (backwards += 1))
      : through([start, ...(layout.bends[index] ?? []), end]);
    return `<path d="${path}" fill="none" stroke="#667" marker-end="url(#arrow)"/>`;
  });
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A curve that is level at every point. */
function through(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      if (before === undefined) return `M${at(point)}`;
      const half = (point.x - before.x) / 2;
      return `C${at({ x: before.x + half, y: before.y })} ${at({ x: point.x - half, y: point.y })} ${at(point)}`;
    })
    .join('');
}

/** A line back to an earlier column, below everything. */
function around(start: Point, end: Point, bottom: number): string {
  const out = 30;
  const right = { x: start.x + out, y: bottom };
  const left = { x: end.x - out, y: bottom };
  return [
    `M${at(start)}`,
    `C${at({ x: start.x + out, y: start.y })} ${at({ x: right.x, y: start.y })} ${at({ x: right.x, y: (start.y + bottom) / 2 })}`,
    `Q${at(right)} ${at({ x: right.x - out, y: bottom })}`,
    `L${at({ x: left.x + out, y: bottom })}`,
    `Q${at(left)} ${at({ x: left.x, y: (end.y + bottom) / 2 })}`,
    `C${at({ x: left.x, y: end.y })} ${at({ x: end.x - out, y: end.y })} ${at(end)}`,
  ].join('');
}

function drawBox(
  { id, module, missing, implementations, requirements, width, height }: Box,
  layout: Layout,
): string {
  const { x = 0, y = 0 } = layout.places.get(id) ?? {};
  const centre = round(x + width / 2);
  const style = missing ? 'fill="#fff" stroke="#c00" stroke-dasharray="4"' : 'fill="#eef4fb" stroke="#356"';
  const port = (name: string, index: number, side: 'start' | 'end'): string => {
    const textX = round(side === 'start' ? x + 8 : x + width - 8);
    return `<text x="${textX}" y="${round(y + HEADER + (index + 0.5) * PORT + 4)}" text-anchor="${side}" font-size="10" fill="#345">${escaped(name)}</text>`;
  };
  return [
    `<g><rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6" ${style}/>`,
    `<text x="${centre}" y="${round(y + 17)}" text-anchor="middle" font-weight="bold">${escaped(id)}</text>`,
    `<text x="${centre}" y="${round(y + 33)}" text-anchor="middle" fill="#567">${escaped(module)}</text>`,
    ...implementations.map((name, index) => port(name, index, 'start')),
    ...requirements.map((name, index) => port(name, index, 'end')),
    '</g>',
  ].join('');
}

function at({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
