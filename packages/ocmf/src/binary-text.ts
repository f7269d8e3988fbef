// SPDX-License-Identifier: Apache-2.0

const NOT_HEX = /[^0-9a-f]/i;
const NOT_BASE64 = /[^A-Za-z0-9+/]/;

/** Bytes of a hex text, or undefined when it is none. Upper and lower case may mix. */
export function fromHex(text: string): Buffer | undefined {
  if (text === '' || text.length % 2 === 1 || NOT_HEX.test(text)) return undefined;
  return Buffer.from(text, 'hex');
}

/** Bytes of a Base64 text (RFC 4648, padding may be missing), or undefined when it is none. */
export function fromBase64(text: string): Buffer | undefined {
  const digits = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text;
  if (digits === '' || digits.length % 4 === 1 || NOT_BASE64.test(digits)) return undefined;
  if (digits !== text && text.length % 4 !== 0) return undefined;
  return Buffer.from(digits, 'base64');
}
