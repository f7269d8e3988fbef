// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';

export type SessionIdType = 'UUID' | 'UUID_BASE64' | 'SHORT_BASE64';

/** A new id: 36, 22 or 16 characters. */
export function newSessionId(type: SessionIdType): string {
  switch (type) {
    case 'UUID':
      return randomUUID();
    case 'UUID_BASE64':
      return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64').replaceAll('=', '');
    case 'SHORT_BASE64':
      return randomBytes(12).toString('base64');
  }
}
