#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { main } from '#command';

const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => abort.abort());
process.exitCode = await main(process.argv.slice(2), {
  console: { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) },
  environment: process.env,
  clock: systemClock,
  signal: abort.signal,
});
