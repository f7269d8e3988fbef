// SPDX-License-Identifier: Apache-2.0

/** Topic prefixes of one EVerest system. */
export interface TopicPrefixes {
  /** Prefix of everything inside the system, with its trailing slash; default `everest/`. */
  readonly everest: string;
  /** Put in front of topics of the outside world as it is; default empty. */
  readonly external: string;
  /** Prefix of telemetry, with its trailing slash; default `everest-telemetry/`. */
  readonly telemetry: string;
}

/** The prefixes of a system without settings. */
export const DEFAULT_PREFIXES: TopicPrefixes = {
  everest: 'everest/',
  external: '',
  telemetry: 'everest-telemetry/',
};

/** A topic inside the system, taken apart. */
export type TopicMeaning =
  | {
      readonly kind: 'command';
      readonly module: string;
      readonly implementation: string;
      readonly command: string;
    }
  | {
      readonly kind: 'result';
      readonly module: string;
      readonly implementation: string;
      readonly command: string;
      readonly caller: string;
    }
  | {
      readonly kind: 'variable';
      readonly module: string;
      readonly implementation: string;
      readonly variable: string;
    }
  | {
      readonly kind: 'error';
      readonly module: string;
      readonly implementation: string;
      readonly type: string;
    }
  | {
      readonly kind: 'module-ready' | 'metadata' | 'config-answer' | 'config-set' | 'config-set-answer';
      readonly module: string;
    }
  | { readonly kind: 'config-request' | 'global-ready' | 'shutdown' }
  | {
      readonly kind: 'definition';
      readonly of: 'interfaces' | 'types' | 'settings' | 'schemas' | 'module_names';
    }
  | { readonly kind: 'definition'; readonly of: 'interface' | 'type' | 'manifest'; readonly name: string }
  | { readonly kind: 'other' };

/** Makes and reads the topics of one system. Names never hold `/`, `+` or `#`, so no escaping is needed. */
export class Topics {
  constructor(readonly prefixes: TopicPrefixes = DEFAULT_PREFIXES) {}

  command(module: string, implementation: string, command: string): string {
    return `${this.#implementation(module, implementation)}/cmd/${command}`;
  }

  result(module: string, implementation: string, command: string, caller: string): string {
    return `${this.command(module, implementation, command)}/response/${caller}`;
  }

  variable(module: string, implementation: string, variable: string): string {
    return `${this.#implementation(module, implementation)}/var/${variable}`;
  }

  /** @param type - `<namespace>/<Name>` */
  error(module: string, implementation: string, type: string): string {
    return `${this.#implementation(module, implementation)}/error/${type}`;
  }

  moduleReady(module: string): string {
    return `${this.#module(module)}/ready`;
  }

  metadata(module: string): string {
    return `${this.#module(module)}/metadata`;
  }

  /** Where a module's own configuration answers arrive. */
  configAnswer(module: string): string {
    return `${this.#module(module)}/response`;
  }

  configSet(module: string): string {
    return `${this.#module(module)}/config/set_request`;
  }

  configSetAnswer(module: string): string {
    return `${this.#module(module)}/config/set_response`;
  }

  get configRequest(): string {
    return `${this.prefixes.everest}config/request`;
  }

  get globalReady(): string {
    return `${this.prefixes.everest}ready`;
  }

  get shutdown(): string {
    return `${this.prefixes.everest}shutdown`;
  }

  /** Retained definitions that consist of one message. */
  definitions(of: 'interfaces' | 'types' | 'settings' | 'schemas' | 'module_names'): string {
    return this.prefixes.everest + of;
  }

  interfaceDefinition(name: string): string {
    return `${this.prefixes.everest}interface_definitions/${name}`;
  }

  /** @param file - stem of the type file, without slash */
  typeDefinition(file: string): string {
    return `${this.prefixes.everest}type_definitions/${file}`;
  }

  manifest(moduleName: string): string {
    return `${this.prefixes.everest}manifests/${moduleName}`;
  }

  /**
   * Retained by managers of this project for modules that start when the definitions are gone: its `msg_type` tells the
   * generation, and it repeats the settings. No part of EVerest knows it.
   */
  get generationHint(): string {
    return `${this.prefixes.everest}carabiner/generation`;
  }

  /**
   * Retained list of the modules that went with a process, empty while it is alive; its broker publishes it as the
   * process's last will. No part of EVerest knows it.
   */
  lost(processName: string): string {
    return `${this.prefixes.everest}carabiner/lost/${processName}`;
  }

  /**
   * Retained list of the modules of a process, said by itself whenever it has subscribed to everything it listens to, and
   * cleared when it leaves. No part of EVerest knows it.
   */
  present(processName: string): string {
    return `${this.prefixes.everest}carabiner/present/${processName}`;
  }

  /** A topic of the outside world. */
  external(topic: string): string {
    return this.prefixes.external + topic;
  }

  telemetry(category: string, id: number, subcategory: string): string {
    return `${this.prefixes.telemetry}${category}/${id}/${subcategory}`;
  }

  /** What a topic means; `other` for everything that is not part of the protocol. */
  read(topic: string): TopicMeaning {
    const { everest } = this.prefixes;
    if (!topic.startsWith(everest)) return { kind: 'other' };
    const levels = topic.slice(everest.length).split('/');
    return levels[0] === 'modules' ? readModuleTopic(levels) : readSystemTopic(levels);
  }

  #module(module: string): string {
    return `${this.prefixes.everest}modules/${module}`;
  }

  #implementation(module: string, implementation: string): string {
    return `${this.#module(module)}/impl/${implementation}`;
  }
}

function readSystemTopic(levels: readonly string[]): TopicMeaning {
  const [first, second] = levels;
  if (levels.length === 1) {
    switch (first) {
      case 'ready':
        return { kind: 'global-ready' };
      case 'shutdown':
        return { kind: 'shutdown' };
      case 'interfaces':
      case 'types':
      case 'settings':
      case 'schemas':
      case 'module_names':
        return { kind: 'definition', of: first };
      default:
        return { kind: 'other' };
    }
  }
  if (levels.length !== 2 || second === undefined) return { kind: 'other' };
  switch (first) {
    case 'config':
      return second === 'request' ? { kind: 'config-request' } : { kind: 'other' };
    case 'interface_definitions':
      return { kind: 'definition', of: 'interface', name: second };
    case 'type_definitions':
      return { kind: 'definition', of: 'type', name: second };
    case 'manifests':
      return { kind: 'definition', of: 'manifest', name: second };
    default:
      return { kind: 'other' };
  }
}

function readModuleTopic(levels: readonly string[]): TopicMeaning {
  const [, module, what, fourth, kind, name, seventh, caller] = levels;
  if (module === undefined || what === undefined) return { kind: 'other' };
  if (what === 'impl') {
    if (fourth === undefined || kind === undefined || name === undefined) return { kind: 'other' };
    const place = { module, implementation: fourth };
    if (kind === 'cmd' && levels.length === 6) return { kind: 'command', ...place, command: name };
    if (kind === 'cmd' && levels.length === 8 && seventh === 'response' && caller !== undefined) {
      return { kind: 'result', ...place, command: name, caller };
    }
    if (kind === 'var' && levels.length === 6) return { kind: 'variable', ...place, variable: name };
    if (kind === 'error' && levels.length === 7 && seventh !== undefined) {
      return { kind: 'error', ...place, type: `${name}/${seventh}` };
    }
    return { kind: 'other' };
  }
  if (levels.length === 3) {
    if (what === 'ready') return { kind: 'module-ready', module };
    if (what === 'metadata') return { kind: 'metadata', module };
    if (what === 'response') return { kind: 'config-answer', module };
  }
  if (levels.length === 4 && what === 'config') {
    if (fourth === 'set_request') return { kind: 'config-set', module };
    if (fourth === 'set_response') return { kind: 'config-set-answer', module };
  }
  return { kind: 'other' };
}
