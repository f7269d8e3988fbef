// SPDX-License-Identifier: Apache-2.0

const leftovers = new Set<() => void>();

/**
 * Has something removed when the process ends before it was removed: a child, a folder, an interface.
 *
 * @param remove - must do its work before it returns
 * @returns to be called once it is removed
 */
export function removeAtExit(remove: () => void): () => void {
  if (leftovers.size === 0) process.once('exit', removeAll);
  leftovers.add(remove);
  return () => {
    leftovers.delete(remove);
    if (leftovers.size === 0) process.off('exit', removeAll);
  };
}

function removeAll(): void {
  // The newest first: a folder is older than the child that writes into it.
  for (const remove of [...leftovers].reverse()) {
    try {
      remove();
    } catch {
      // What cannot be removed now stays; the others are removed all the same.
    }
  }
}

/** Has the process end in order when it is told to, or when nobody reads what it writes any more. */
export function endInOrder(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}
