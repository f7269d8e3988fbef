// SPDX-License-Identifier: Apache-2.0
import { excerpt, OcmfError } from './errors.js';

/** An element of the small XML files that carry records. */
export interface XmlElement {
  /** Name without prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Character data of this element alone, CDATA included. */
  readonly text: string;
}

interface OpenElement {
  name: string;
  attributes: Map<string, string>;
  children: XmlElement[];
  text: string;
}

const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<\/([^\s<>/]+)\s*>|<([^\s<>/!?]+)((?:\s+[^\s<>/=]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const MAX_DEPTH = 16;

function fail(message: string): never {
  throw new OcmfError('OCMF_CONTAINER', `the XML cannot be read: ${message}`);
}

function resolveEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]+);/gi, (whole, name: string) => {
    const code = /^#x/i.test(name)
      ? parseInt(name.slice(2), 16)
      : name.startsWith('#')
        ? Number(name.slice(1))
        : NaN;
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    return NAMED[name] ?? fail(`unknown entity ${whole}`);
  });
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/**
 * Reads one XML element with what is in it. No document type, hence no entities beyond the five of XML and no
 * references to other files.
 *
 * @throws OcmfError `OCMF_CONTAINER` when it is not well formed or nested deeper than 16 levels
 */
export function readXml(text: string): XmlElement {
  const root: OpenElement = { name: '', attributes: new Map(), children: [], text: '' };
  const open: OpenElement[] = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) return fail(`unexpected ${excerpt(text.slice(at))} at offset ${at}`);
    const [, cdata, closing, opening, attributeText = '', selfClosing, characters] = match;
    const current = open.at(-1) ?? root;
    if (cdata !== undefined) current.text += cdata;
    else if (characters !== undefined) current.text += resolveEntities(characters);
    else if (opening !== undefined) {
      const attributes = new Map<string, string>();
      for (const [, key = '', double, single] of attributeText.matchAll(ATTRIBUTE))
        attributes.set(localName(key), resolveEntities(double ?? single ?? ''));
      const element: OpenElement = { name: localName(opening), attributes, children: [], text: '' };
      current.children.push(element);
      if (selfClosing !== '/') open.push(element);
      if (open.length > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`);
    } else if (closing !== undefined && (open.length === 1 || open.pop()?.name !== localName(closing)))
      fail(`</${excerpt(closing)}> closes nothing that is open`);
  }
  if (open.length > 1) fail(`<${open.at(-1)?.name ?? ''}> is not closed`);
  const [element, second] = root.children;
  if (element === undefined || second !== undefined)
    return fail('there is not exactly one outermost element');
  return element;
}
