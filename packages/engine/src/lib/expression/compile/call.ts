import type { Json } from '@loopwright/protocol';
import { CONTROLS } from '../builtin/control.ts';
import { NATIVES } from '../builtin/native.ts';
import { PRELUDE } from '../builtin/prelude.ts';
import { type Closure, type Filter, type Scope, ancestor } from '../run/filter.ts';
import type { FunctionDefinition, Node } from '../syntax/node.ts';
import { parseDefinitions } from '../syntax/parse.ts';
import { JqSyntaxError } from '../syntax/syntax-error.ts';
import { NO_PATH } from '../value/path.ts';
import { type Entry, type Names, bindName, findCallable } from './names.ts';

type Compile = (node: Node, names: Names) => Filter;
type FunctionEntry = Extract<Entry, { kind: 'function' }>;

/** Adds a function; it is compiled when it is first called. */
export function defineFunction(definition: FunctionDefinition, names: Names): Names {
  const name = `${definition.name}/${definition.parameters.length}`;
  return {
    entry: { kind: 'function', name, depth: names.depth, definition },
    parent: names,
    depth: names.depth,
    program: names.program,
  };
}

/** A call of a parameter, a function of the program, or a built-in one. */
export function call(name: string, args: readonly Node[], names: Names, compile: Compile): Filter {
  const id = `${name}/${args.length}`;
  const entry = findCallable(names, args.length === 0 && findCallable(names, name) !== undefined ? nearest(names, name, id) : id);
  if (entry?.kind === 'closure') {
    return (input, path, scope, emit) => {
      const { filter, scope: home } = ancestor(scope, names.depth - entry.depth).bound as Closure;
      return filter(input, path, home, emit);
    };
  }
  const filters = args.map((arg) => compile(arg, names));
  if (entry?.kind === 'function') return apply(entry, filters, names, compile);
  const control = CONTROLS[id];
  if (control !== undefined) return control(filters);
  const native = NATIVES[id];
  if (native !== undefined) return applyNative(native, filters);
  const library = preludeEntry(id, names);
  if (library === undefined) throw new JqSyntaxError(`the function "${id}" does not exist here`, 0);
  return apply(library, filters, names, compile);
}

/** Of a parameter `f` and a function `f/0`, the one defined last. */
function nearest(names: Names, name: string, id: string): string {
  for (let current: Names | undefined = names; current !== undefined; current = current.parent) {
    if (current.entry?.kind === 'closure' && current.entry.name === name) return name;
    if (current.entry?.kind === 'function' && current.entry.name === id) return id;
  }
  return id;
}

function preludeEntry(id: string, names: Names): FunctionEntry | undefined {
  const known = names.program.prelude.get(id);
  if (known?.kind === 'function') return known;
  const source = PRELUDE[id];
  const definition = source === undefined ? undefined : parseDefinitions(source)[0];
  if (definition === undefined) return undefined;
  const entry: FunctionEntry = { kind: 'function', name: id, depth: 0, definition };
  names.program.prelude.set(id, entry);
  return entry;
}

function apply(entry: FunctionEntry, args: readonly Filter[], names: Names, compile: Compile): Filter {
  const { definition } = entry;
  if (entry.filter === undefined) {
    let body: Filter | undefined;
    entry.filter = (...input) => (body ?? missing())(...input);
    body = compile(bodyOf(definition), parameterNames(entry, names));
  }
  const { filter } = entry;
  const up = names.depth - entry.depth;
  return (input, path, scope, emit) => {
    const { run } = scope;
    let inner: Scope = ancestor(scope, up);
    for (const arg of args) inner = { run, parent: inner, bound: { filter: arg, scope } };
    run.budget.enter();
    const stopped = filter(input, path, inner, emit);
    run.budget.depth -= 1;
    return stopped;
  };
}

function missing(): never {
  throw new JqSyntaxError('a function is used while it is compiled', 0);
}

/** `def f($a): body` is `def f(a): a as $a | body`. */
function bodyOf({ parameters, body }: FunctionDefinition): Node {
  return parameters.toReversed().reduce<Node>((inner, parameter) => {
    if (!parameter.startsWith('$')) return inner;
    const name = parameter.slice(1);
    return { kind: 'bind', source: { kind: 'call', name, args: [] }, patterns: [{ kind: 'variable', name }], body: inner };
  }, body);
}

function parameterNames(entry: FunctionEntry, names: Names): Names {
  let home: Names | undefined = names;
  while (home !== undefined && home.entry !== entry) home = home.parent;
  let inner: Names = home ?? { entry, parent: undefined, depth: 0, program: names.program };
  for (const parameter of entry.definition.parameters) inner = bindName(inner, 'closure', parameter.replace('$', ''));
  return inner;
}

function applyNative(native: (typeof NATIVES)[string], args: readonly Filter[]): Filter {
  return (input, path, scope, emit) => {
    const at = path === undefined ? undefined : NO_PATH;
    const step = (left: number, values: readonly Json[]): boolean => {
      const arg = args[left - 1];
      if (arg !== undefined) return arg(input, undefined, scope, (value) => step(left - 1, [value, ...values]));
      scope.run.budget.spend(1);
      scope.run.budget.walk(input);
      return emit(native(input, values, scope.run.budget), at);
    };
    return step(args.length, []);
  };
}
