// SPDX-License-Identifier: Apache-2.0
import type { CompositionGraph } from './composition-graph.js';

/** A node with its place: layer from the left, row from the top. */
export interface PlacedNode {
  readonly id: string;
  readonly layer: number;
  readonly row: number;
}

const SWEEPS = 8;

/**
 * Places nodes in layers (after Sugiyama): who needs stands left of who provides, and rows are ordered so that
 * connections cross as little as a few sweeps of the barycentre heuristic achieve. Connections that close a cycle are
 * ignored for the layers.
 */
export function layOut({ nodes, edges }: CompositionGraph): readonly PlacedNode[] {
  const targets = neighbours(nodes, edges, 'from', 'to');
  const sources = neighbours(nodes, edges, 'to', 'from');
  const layerOf = layersOf(
    nodes.map(({ id }) => id),
    targets,
  );
  const layers: string[][] = [];
  for (const { id } of nodes) (layers[layerOf.get(id) ?? 0] ??= []).push(id);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forward = sweep % 2 === 0;
    const order = layers.map((_, index) => (forward ? index : layers.length - 1 - index));
    const rows = rowsOf(layers);
    for (const index of order) {
      layers[index] = sortByBarycentre(layers[index] ?? [], forward ? sources : targets, rows);
      for (const [row, id] of (layers[index] ?? []).entries()) rows.set(id, row);
    }
  }
  return layers.flatMap((ids, layer) => ids.map((id, row) => ({ id, layer, row })));
}

type Neighbours = ReadonlyMap<string, readonly string[]>;

function neighbours(
  nodes: CompositionGraph['nodes'],
  edges: CompositionGraph['edges'],
  own: 'from' | 'to',
  other: 'from' | 'to',
): Neighbours {
  const found = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const edge of edges) if (edge.from !== edge.to) found.get(edge[own])?.push(edge[other]);
  return found;
}

/** Longest path from a node that nobody needs, cycles cut where a depth-first walk meets itself. */
function layersOf(ids: readonly string[], targets: Neighbours): ReadonlyMap<string, number> {
  const finished: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const kept = new Map<string, string[]>();
  const visit = (id: string): void => {
    state.set(id, 'open');
    const forward = (targets.get(id) ?? []).filter((target) => state.get(target) !== 'open');
    kept.set(id, forward);
    for (const target of forward) if (!state.has(target)) visit(target);
    state.set(id, 'done');
    finished.push(id);
  };
  const needed = new Set([...targets.values()].flat());
  for (const id of [...ids.filter((each) => !needed.has(each)), ...ids]) if (!state.has(id)) visit(id);
  const layers = new Map<string, number>(ids.map((id) => [id, 0]));
  for (const id of finished.reverse())
    for (const target of kept.get(id) ?? [])
      layers.set(target, Math.max(layers.get(target) ?? 0, (layers.get(id) ?? 0) + 1));
  return layers;
}

function rowsOf(layers: readonly (readonly string[])[]): Map<string, number> {
  return new Map(layers.flatMap((ids) => ids.map((id, row): [string, number] => [id, row])));
}

function sortByBarycentre(
  ids: readonly string[],
  others: Neighbours,
  rows: ReadonlyMap<string, number>,
): string[] {
  const weight = (id: string): number => {
    const places = (others.get(id) ?? []).map((other) => rows.get(other) ?? 0);
    return places.length === 0
      ? (rows.get(id) ?? 0)
      : places.reduce((sum, place) => sum + place, 0) / places.length;
  };
  const weights = new Map(ids.map((id) => [id, weight(id)]));
  return [...ids].sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0));
}
