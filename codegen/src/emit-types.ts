// SPDX-License-Identifier: Apache-2.0
import { isJsonArray, type JsonObject, type TypeFileModel } from '@carabiner/dialect';
import { header } from './header.js';
import { identifier } from './identifiers.js';
import { Namespaces, type Layout } from './layout.js';
import { schemaDoc } from './schema-doc.js';
import { docComment, LINE_WIDTH, propertyKey, quote } from './source-text.js';
import type { TypeBundle } from './type-bundle.js';
import { printType } from './type-printer.js';

/** `types/<file>.ts`: a type for each schema, and for each string enum an object of its values. */
export function emitTypes(model: TypeFileModel, bundle: TypeBundle, layout: Layout): string {
  const namespaces = new Namespaces(new Set(Object.keys(model.types).map(identifier)));
  const nameOf = (bundleName: string): string => {
    const target = bundle.typeOf(bundleName);
    if (target === undefined) return bundleName;
    const name = identifier(target.type);
    return target.file === model.name ? name : `${namespaces.alias(target.file)}.${name}`;
  };
  const declarations = Object.entries(model.types).map(([type, schema]) => {
    const name = identifier(type);
    const expression = bundle.declaration(model.name, type, schema);
    const values = stringEnum(schema);
    const doc = docComment([schemaDoc(type, schema)]);
    const isInterface =
      expression.kind === 'object' && expression.members.some((member) => member.name !== undefined);
    const head = isInterface ? `export interface ${name} ` : `export type ${name} =`;
    const printed = printType(expression, { nameOf, schema, column: head.length + 1, block: isInterface });
    const declaration = isInterface
      ? `${head}${printed}\n`
      : `${head}${printed.startsWith('\n') ? '' : ' '}${printed};\n`;
    return doc + declaration + (values === undefined ? '' : enumObject(name, values));
  });
  const imports = namespaces
    .entries()
    .map(
      ([file, alias]) => `import type * as ${alias} from '${layout.specifier('types', file, 'types')}';\n`,
    );
  const body = declarations.length === 0 ? ['export {};\n'] : declarations;
  return [header(`types/${model.name}.yaml`, model.source) + imports.join(''), ...body].join('\n');
}

/** The values of a schema that is a string enum; undefined for any other. */
export function stringEnum(schema: JsonObject): readonly string[] | undefined {
  const values = schema['enum'];
  if (schema['$ref'] !== undefined || !isJsonArray(values)) return undefined;
  return values.every((value) => typeof value === 'string') ? values : undefined;
}

function enumObject(name: string, values: readonly string[]): string {
  const members = values.map((value) => `${propertyKey(value)}: ${quote(value)}`);
  const line = `export const ${name} = { ${members.join(', ')} } as const;\n`;
  if (line.length <= LINE_WIDTH) return line;
  return `export const ${name} = {\n${members.map((member) => `  ${member},\n`).join('')}} as const;\n`;
}
