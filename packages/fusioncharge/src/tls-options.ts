// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type PeerCertificate,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { inspect } from 'node:util';
import { FusionChargeError } from './errors.js';

/** The PEM files of one side of a mutually authenticated TLS connection. */
export interface TlsFiles {
  /** Certificate authority that must have signed the peer's certificate; no other is trusted. */
  readonly caFile: string;
  /** Own certificate, with intermediate certificates if any. */
  readonly certFile: string;
  /** Private key of {@link certFile}. */
  readonly keyFile: string;
}

/** Contents of {@link TlsFiles}. */
export interface TlsCredentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads and checks the three files. Printed or serialised, the result shows a placeholder.
 *
 * @throws FusionChargeError `FUSIONCHARGE_TLS` that names the file; never with its content
 */
export async function loadTlsCredentials(files: TlsFiles): Promise<TlsCredentials> {
  const read = async (what: string, path: string): Promise<Buffer> => {
    if (path === '')
      throw new FusionChargeError(
        'FUSIONCHARGE_TLS',
        `TLS needs a file with the ${what}, none is configured`,
      );
    try {
      return await readFile(path);
    } catch (error) {
      throw new FusionChargeError('FUSIONCHARGE_TLS', `cannot read the ${what} from ${path}`, {
        cause: error,
      });
    }
  };
  const [ca, cert, key] = await Promise.all([
    read('CA certificate', files.caFile),
    read('own certificate', files.certFile),
    read('private key', files.keyFile),
  ]);
  try {
    createSecureContext({ ca, cert, key });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FusionChargeError(
      'FUSIONCHARGE_TLS',
      `${files.caFile}, ${files.certFile} and ${files.keyFile} do not form a usable set: ${reason}`,
    );
  }
  return guarded({ ca, cert, key });
}

/** The credentials, with a placeholder for whoever prints or serialises them; spreading leaves it behind. */
function guarded(credentials: TlsCredentials): TlsCredentials {
  const placeholder = { value: () => '[TlsCredentials]' };
  return Object.defineProperties(credentials, { toJSON: placeholder, [inspect.custom]: placeholder });
}

/**
 * Name that the peer's certificate must carry: a DNS name or IP address among its subject alternative names, or its
 * common name where it has none. `false` switches the check off; the chain is verified in any case.
 */
export type PeerName = string | false;

const common = {
  minVersion: 'TLSv1.2',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const;

/** Options for `tls.connect` on the dispenser's side. Server name indication is not sent. */
export function clientTlsOptions(credentials: TlsCredentials, peerName: PeerName): ConnectionOptions {
  return {
    ...common,
    ...credentials,
    rejectUnauthorized: true,
    servername: '',
    checkServerIdentity: (_host, certificate) => nameMismatch(peerName, certificate),
  };
}

/** Options for `tls.createServer` on the power unit's side: a certificate of the peer is required. */
export function serverTlsOptions(credentials: TlsCredentials): TlsOptions {
  return { ...common, ...credentials, requestCert: true, rejectUnauthorized: true };
}

/** The reason why a certificate does not carry any of `peerNames`, or undefined when it does. */
export function nameMismatch(
  peerNames: PeerName | readonly string[],
  certificate: PeerCertificate,
): Error | undefined {
  if (peerNames === false) return undefined;
  const names = typeof peerNames === 'string' ? [peerNames] : peerNames;
  let mismatch: Error | undefined = new FusionChargeError(
    'FUSIONCHARGE_TLS',
    'no name is allowed for the peer',
  );
  for (const name of names) {
    mismatch = checkServerIdentity(name, certificate);
    if (mismatch === undefined) return undefined;
  }
  return mismatch;
}

/** As {@link nameMismatch}, for the certificate that a client presented on `socket`. */
export function clientNameMismatch(
  socket: TLSSocket,
  peerNames: PeerName | readonly string[],
): Error | undefined {
  return nameMismatch(peerNames, socket.getPeerCertificate());
}
