// SPDX-License-Identifier: Apache-2.0

/** For each module the modules it needs; acyclic. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Who is started after whom. In a circle, which EVerest allows, a module only waits for those that stand before it in
 * the composition.
 *
 * @param needs - for each module, in the order of the composition, the modules its requirements are connected to
 */
export function startOrder(needs: ReadonlyMap<string, readonly string[]>): Dependencies {
  const circleOf = circles(needs);
  const index = new Map([...needs.keys()].map((id, position) => [id, position]));
  const position = (id: string): number => index.get(id) ?? -1;
  return new Map(
    [...needs].map(([id, targets]) => [
      id,
      new Set(
        targets.filter(
          (target) =>
            needs.has(target) &&
            target !== id &&
            (circleOf.get(target) !== circleOf.get(id) || position(target) < position(id)),
        ),
      ),
    ]),
  );
}

/** The same with every arrow turned round: who must stop before whom. */
export function reversed(dependencies: Dependencies): Dependencies {
  const turned = new Map<string, Set<string>>([...dependencies.keys()].map((id) => [id, new Set()]));
  for (const [id, needs] of dependencies) for (const need of needs) turned.get(need)?.add(id);
  return turned;
}

/** Runs `work` for each module once all it depends on are done; those whose dependency failed are left out. */
export async function inOrder(
  dependencies: Dependencies,
  work: (id: string) => Promise<void>,
): Promise<readonly Error[]> {
  const failures: Error[] = [];
  const started = new Map<string, Promise<boolean>>();
  const run = (id: string): Promise<boolean> => {
    let done = started.get(id);
    if (done === undefined) {
      done = attempt(id);
      started.set(id, done);
    }
    return done;
  };
  const attempt = async (id: string): Promise<boolean> => {
    const needs = await Promise.all([...(dependencies.get(id) ?? [])].map(run));
    if (needs.includes(false)) return false;
    try {
      await work(id);
      return true;
    } catch (thrown) {
      failures.push(thrown instanceof Error ? thrown : new Error(String(thrown)));
      return false;
    }
  };
  await Promise.all([...dependencies.keys()].map(run));
  return failures;
}

/** Strongly connected components (Tarjan), without recursion: a chain of modules may be long. */
function circles(needs: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const circle = new Map<string, number>();
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const lower = (id: string, value: number): void => {
    low.set(id, Math.min(low.get(id) ?? value, value));
  };
  for (const root of needs.keys()) {
    if (order.has(root)) continue;
    const path: { readonly id: string; next: number }[] = [];
    const enter = (id: string): void => {
      order.set(id, order.size);
      low.set(id, order.size - 1);
      stack.push(id);
      onStack.add(id);
      path.push({ id, next: 0 });
    };
    enter(root);
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const target = needs.get(frame.id)?.[frame.next];
      frame.next += 1;
      if (target !== undefined) {
        if (!needs.has(target)) continue;
        if (!order.has(target)) enter(target);
        else if (onStack.has(target)) lower(frame.id, order.get(target) ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.id, low.get(frame.id) ?? 0);
      if (low.get(frame.id) !== order.get(frame.id)) continue;
      const number = order.get(frame.id) ?? 0;
      let member: string | undefined;
      do {
        member = stack.pop();
        if (member === undefined) break;
        onStack.delete(member);
        circle.set(member, number);
      } while (member !== frame.id);
    }
  }
  return circle;
}
