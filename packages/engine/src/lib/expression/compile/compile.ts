import type { Json, JsonObject } from '@loopwright/protocol';
import { formatText } from '../builtin/format.ts';
import { type Filter, type Scope, ancestor } from '../run/filter.ts';
import { JqError } from '../run/jq-error.ts';
import type { Node } from '../syntax/node.ts';
import { JqSyntaxError } from '../syntax/syntax-error.ts';
import { calculate } from '../value/arithmetic.ts';
import { preview } from '../value/kind.ts';
import { getKey } from '../value/member.ts';
import { setMember } from '../value/object.ts';
import { NO_PATH, type Path, childPath } from '../value/path.ts';
import { assign } from './assign.ts';
import { call, defineFunction } from './call.ts';
import { bindPatterns, fold } from './fold.ts';
import { type Names, bindName, findName } from './names.ts';

/** The path of a value that is computed. */
function computed(path: Path | undefined): Path | undefined {
  return path === undefined ? undefined : NO_PATH;
}

function truthy(value: Json): boolean {
  return value !== false && value !== null;
}

/** Compiles a tree. Throws `JqSyntaxError` for names that do not exist. */
export function compileNode(node: Node, names: Names): Filter {
  const compile = (inner: Node): Filter => compileNode(inner, names);
  switch (node.kind) {
    case 'identity':
      return (input, path, _, emit) => emit(input, path);
    case 'literal':
      return (_, path, __, emit) => emit(node.value, computed(path));
    case 'format':
      return (input, path, { run }, emit) => emit(formatText(node.name, input, run.budget), computed(path));
    case 'string':
      return interpolate(
        node.format,
        node.parts.map((part) => (typeof part === 'string' ? part : compile(part))),
      );
    case 'index':
      return index(compile(node.target), node.key.kind === 'literal' ? node.key.value : compile(node.key));
    case 'slice': {
      const bounds = compile({ kind: 'object', members: bound('start', node.from).concat(bound('end', node.to)) });
      return index(compile(node.target), bounds);
    }
    case 'iterate':
      return iterate(compile(node.target));
    case 'array':
      return collect(node.body === undefined ? undefined : compile(node.body));
    case 'object':
      return construct(node.members.map(({ key, value }) => ({ key: compile(key), value: compile(value) })));
    case 'negate': {
      const body = compile(node.body);
      return (input, path, scope, emit) =>
        body(input, undefined, scope, (value) => {
          if (typeof value !== 'number') throw new JqError(`${preview(value)} cannot be negated`);
          return emit(-value, computed(path));
        });
    }
    case 'pipe': {
      const left = compile(node.left);
      const right = compile(node.right);
      return (input, path, scope, emit) => left(input, path, scope, (value, at) => right(value, at, scope, emit));
    }
    case 'comma': {
      const left = compile(node.left);
      const right = compile(node.right);
      return (input, path, scope, emit) => left(input, path, scope, emit) || right(input, path, scope, emit);
    }
    case 'and':
    case 'or':
      return logic(compile(node.left), compile(node.right), node.kind === 'or');
    case 'alternative':
      return alternative(compile(node.left), compile(node.right));
    case 'binary': {
      const left = compile(node.left);
      const right = compile(node.right);
      return (input, path, scope, emit) =>
        right(input, undefined, scope, (b) =>
          left(input, undefined, scope, (a) => {
            scope.run.budget.spend(1);
            return emit(calculate(node.operator, a, b, scope.run.budget), computed(path));
          }),
        );
    }
    case 'assign':
      return assign(node.operator, compile(node.left), compile(node.right));
    case 'if':
      return choose(compile(node.condition), compile(node.yes), compile(node.no ?? { kind: 'identity' }));
    case 'try':
      return attempt(compile(node.body), node.handler === undefined ? undefined : compile(node.handler));
    case 'reduce':
    case 'foreach':
      return fold(node, names, compileNode);
    case 'function':
      return compileNode(node.rest, defineFunction(node.definition, names));
    case 'call':
      return call(node.name, node.args, names, compileNode);
    case 'variable':
      return variable(node.name, names);
    case 'bind':
      return bindPatterns(node, names, compileNode);
    case 'label':
      return label(compileNode(node.body, bindName(names, 'label', node.name)));
    case 'break': {
      const entry = findName(names, 'label', node.name);
      if (entry === undefined) throw new JqSyntaxError(`the label "$${node.name}" does not exist`, 0);
      return (_, __, scope) => {
        const target = ancestor(scope, names.depth - entry.depth).bound as { broken: boolean };
        target.broken = true;
        return true;
      };
    }
  }
}

function bound(name: string, node: Node | undefined): { key: Node; value: Node }[] {
  return [{ key: { kind: 'literal', value: name }, value: node ?? { kind: 'literal', value: null } }];
}

function index(target: Filter, key: Filter | Json): Filter {
  if (typeof key !== 'function') {
    return (input, path, scope, emit) =>
      target(input, path, scope, (value, at) =>
        emit(at === NO_PATH ? null : getKey(value, key, scope.run.budget), childPath(at, key, value)),
      );
  }
  return (input, path, scope, emit) =>
    key(input, undefined, scope, (k) =>
      target(input, path, scope, (value, at) => {
        const inner = childPath(at, k, value);
        return emit(getKey(value, k, scope.run.budget), inner);
      }),
    );
}

function iterate(target: Filter): Filter {
  return (input, path, scope, emit) =>
    target(input, path, scope, (value, at) => {
      if (value === null || typeof value !== 'object') {
        throw new JqError(`Cannot iterate over ${value === null ? 'null' : preview(value)}`);
      }
      const { budget } = scope.run;
      if (Array.isArray(value)) {
        for (const [place, item] of value.entries()) {
          budget.spend(1);
          if (emit(item, childPath(at, place, value))) return true;
        }
        return false;
      }
      for (const key of Object.keys(value)) {
        budget.spend(1);
        if (emit(value[key] ?? null, childPath(at, key, value))) return true;
      }
      return false;
    });
}

function collect(body: Filter | undefined): Filter {
  return (input, path, scope, emit) => {
    const items: Json[] = [];
    const stopped = body?.(input, undefined, scope, (value) => {
      scope.run.budget.spend(1);
      items.push(value);
      return false;
    });
    return stopped === true || emit(items, computed(path));
  };
}

function construct(members: readonly { key: Filter; value: Filter }[]): Filter {
  return (input, path, scope, emit) => {
    const step = (at: number, made: readonly (readonly [string, Json])[]): boolean => {
      const member = members[at];
      if (member === undefined) {
        const object: JsonObject = {};
        for (const [key, value] of made) setMember(object, key, value);
        return emit(object, computed(path));
      }
      scope.run.budget.spend(1);
      return member.key(input, undefined, scope, (key) => {
        if (typeof key !== 'string') throw new JqError(`Object keys must be strings`);
        return member.value(input, undefined, scope, (value) => step(at + 1, [...made, [key, value]]));
      });
    };
    return step(0, []);
  };
}

/** The last interpolation varies slowest, as in jq. */
function interpolate(format: string, parts: readonly (string | Filter)[]): Filter {
  return (input, path, scope, emit) => {
    const step = (at: number, tail: string): boolean => {
      const part = parts[at];
      if (part === undefined) return emit(tail, computed(path));
      scope.run.budget.string(tail.length);
      if (typeof part === 'string') return step(at - 1, part + tail);
      return part(input, undefined, scope, (value) => step(at - 1, formatText(format, value, scope.run.budget) + tail));
    };
    return step(parts.length - 1, '');
  };
}

function logic(left: Filter, right: Filter, decisive: boolean): Filter {
  return (input, path, scope, emit) =>
    left(input, undefined, scope, (a) => {
      if (truthy(a) === decisive) return emit(decisive, computed(path));
      return right(input, undefined, scope, (b) => emit(truthy(b), computed(path)));
    });
}

/** The true outputs of the left side or, when it has none, the right side; errors on the left end it. */
function alternative(left: Filter, right: Filter): Filter {
  return (input, path, scope, emit) => {
    let found = false;
    const stopped = attempt(left, undefined)(input, path, scope, (value, at) => {
      if (!truthy(value)) return false;
      found = true;
      return emit(value, at);
    });
    return stopped || (!found && right(input, path, scope, emit));
  };
}

function choose(condition: Filter, yes: Filter, no: Filter): Filter {
  return (input, path, scope, emit) =>
    condition(input, undefined, scope, (value) => (truthy(value) ? yes : no)(input, path, scope, emit));
}

/** Catches what the body raises, not what happens to its outputs later. */
function attempt(body: Filter, handler: Filter | undefined): Filter {
  return (input, path, scope, emit) => {
    const { budget } = scope.run;
    const { depth } = budget;
    let outside = false;
    try {
      return body(input, path, scope, (value, at) => {
        outside = true;
        const stopped = emit(value, at);
        outside = false;
        return stopped;
      });
    } catch (error) {
      if (outside || !(error instanceof JqError)) throw error;
      budget.depth = depth;
      return handler?.(error.value, computed(path), scope, emit) ?? false;
    }
  };
}

function variable(name: string, names: Names): Filter {
  const entry = findName(names, 'variable', name);
  if (entry !== undefined) {
    const up = (scope: Scope): Json => ancestor(scope, names.depth - entry.depth).bound as Json;
    return (_, path, scope, emit) => emit(up(scope), computed(path));
  }
  if (!names.program.globals.has(name)) throw new JqSyntaxError(`the variable "$${name}" does not exist here`, 0);
  return (_, path, scope, emit) => emit(scope.run.globals[name] ?? null, computed(path));
}

function label(body: Filter): Filter {
  return (input, path, scope, emit) => {
    const mark = { broken: false };
    const stopped = body(input, path, { run: scope.run, parent: scope, bound: mark }, emit);
    return stopped && !mark.broken;
  };
}
