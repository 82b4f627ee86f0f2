import type { FunctionDefinition } from '../syntax/node.ts';
import type { Filter } from '../run/filter.ts';

/** What a name stands for while a program is compiled; `depth` counts the bindings around it. */
export type Entry =
  | { readonly kind: 'variable' | 'closure' | 'label'; readonly name: string; readonly depth: number }
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly depth: number;
      readonly definition: FunctionDefinition;
      filter?: Filter;
    };

/** The names in sight. */
export interface Names {
  readonly entry: Entry | undefined;
  readonly parent: Names | undefined;
  /** Bindings that the scope holds at run time. */
  readonly depth: number;
  readonly program: Program;
}

/** What one compilation shares. */
interface Program {
  readonly globals: ReadonlySet<string>;
  /** Functions of the prelude that were used. */
  readonly prelude: Map<string, Entry>;
}

/** Adds a name that is bound at run time. */
export function bindName(names: Names, kind: 'variable' | 'closure' | 'label', name: string): Names {
  return { entry: { kind, name, depth: names.depth + 1 }, parent: names, depth: names.depth + 1, program: names.program };
}

export function findName(names: Names, kind: Entry['kind'], name: string): Entry | undefined {
  for (let current: Names | undefined = names; current !== undefined; current = current.parent) {
    if (current.entry?.kind === kind && current.entry.name === name) return current.entry;
  }
  return undefined;
}

/** A function or closure parameter, the nearest. */
export function findCallable(names: Names, id: string): Entry | undefined {
  for (let current: Names | undefined = names; current !== undefined; current = current.parent) {
    const entry = current.entry;
    if (entry?.name === id && (entry.kind === 'function' || entry.kind === 'closure')) return entry;
  }
  return undefined;
}
