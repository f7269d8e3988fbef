// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';

/** A TCP port of `host` that was free a moment ago. Servers of your own should rather listen on port 0. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error(`no TCP port on ${host}`));
      });
    });
  });
}
