// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** PEM files of a certificate that is its own authority. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a certificate in `folder`; undefined where there is no openssl.
 *
 * @param name - DNS name in it
 */
export function makeCertificate(folder: string, name: string): Certificate | undefined {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const kind = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1'.split(' ');
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  try {
    execFileSync('openssl', ['req', ...kind, '-keyout', files.key, '-out', files.cert, ...subject], {
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  return files;
}
