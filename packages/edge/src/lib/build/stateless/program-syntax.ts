import { parse } from 'acorn';
import { type Reference, type ScopeManager, type Variable, analyze } from 'eslint-scope';
import { childrenOf } from './child-nodes.ts';
import { dropData } from './drop-data.ts';
import type { CallExpression, Expression, Function as FunctionNode, Identifier, MemberExpression, Node, Program } from 'estree';

/** A program's syntax tree, its names, and who stands in whom. */
export class ProgramSyntax {
  readonly nodes: readonly Node[];
  readonly references: ReadonlyMap<Identifier, Reference>;
  readonly #parents: ReadonlyMap<Node, Node>;
  readonly #scopes: ScopeManager;
  readonly #once = new Map<Node, boolean>();
  readonly #returns = new Map<Node, Expression[]>();

  /** `source`: a module of JavaScript. Throws a SyntaxError for anything else, and a RangeError for one that is nested too deeply. */
  constructor(source: string) {
    const tree = parse(source, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      ranges: true,
      locations: true,
    }) as unknown as Program;
    dropData(tree);
    this.#scopes = analyze(tree, { ecmaVersion: 2022, sourceType: 'module' });
    this.#parents = parentsOf(tree);
    this.nodes = [tree, ...this.#parents.keys()];
    for (const node of this.nodes) {
      if (node.type !== 'ReturnStatement' || node.argument == null) continue;
      const around = this.functionOf(node);
      if (around !== undefined) this.#returns.set(around, [...(this.#returns.get(around) ?? []), node.argument]);
    }
    this.references = new Map(
      this.#scopes.scopes.flatMap(({ references }) => references.map((one) => [one.identifier as Identifier, one] as const)),
    );
  }

  /** Undefined for the tree. */
  parentOf(node: Node): Node | undefined {
    return this.#parents.get(node);
  }

  /** What a name stands for; undefined for a global, and for what is no name of a variable. */
  variableOf(node: Node): Variable | undefined {
    return node.type === 'Identifier' ? (this.references.get(node)?.resolved ?? undefined) : undefined;
  }

  /** What a name declares. */
  declaredAt(name: Identifier): Variable | undefined {
    const parent = this.parentOf(name);
    const declared = parent === undefined ? [] : this.#scopes.getDeclaredVariables(parent);
    return declared.find(({ identifiers }) => identifiers.includes(name));
  }

  /** The name of a global that is not declared in the program. */
  globalOf(node: Node): string | undefined {
    if (node.type !== 'Identifier') return undefined;
    const reference = this.references.get(node);
    return reference !== undefined && reference.resolved === null ? node.name : undefined;
  }

  /** The innermost function around a node, an initializer of a class's field included; undefined: what runs when the program is loaded. */
  functionOf(node: Node): Node | undefined {
    for (let around = this.parentOf(node), inner = node; around !== undefined; inner = around, around = this.parentOf(around)) {
      if (isFunction(around) || (around.type === 'PropertyDefinition' && around.value === inner)) return around;
    }
    return undefined;
  }

  /** Whether a node's own function, if it has one, runs when the program is loaded, and never again. */
  isLoading(node: Node): boolean {
    const around = this.functionOf(node);
    return around === undefined || this.#runsOnce(around);
  }

  /** Whether a function is only called by name, and only from what runs when the program is loaded. */
  #runsOnce(node: Node): boolean {
    const known = this.#once.get(node);
    if (known !== undefined) return known;
    // One that calls itself is called from elsewhere too, or never.
    this.#once.set(node, true);
    const call = this.parentOf(node);
    const isCalledHere = call?.type === 'CallExpression' && call.callee === node && this.isLoading(call);
    const runsOnce = isCalledHere || this.#isOnlyCalledWhenLoaded(node);
    // What was found meanwhile may have been found because this was taken for one.
    if (!runsOnce) for (const [other, isOnce] of this.#once) if (isOnce) this.#once.delete(other);
    this.#once.set(node, runsOnce);
    return runsOnce;
  }

  #isOnlyCalledWhenLoaded(node: Node): boolean {
    const variable = isFunction(node) ? this.nameOf(node) : undefined;
    if (variable === undefined || this.functionNamed(variable) !== node) return false;
    return variable.references.every((reference) => {
      const name = reference.identifier as Node;
      const parent = this.parentOf(name);
      return reference.init === true || (parent?.type === 'CallExpression' && parent.callee === name && this.isLoading(parent));
    });
  }

  /** The variable by which a function is known. */
  nameOf(node: FunctionNode): Variable | undefined {
    const parent = this.parentOf(node);
    const name = node.type === 'FunctionDeclaration' ? node.id : parent?.type === 'VariableDeclarator' ? parent.id : undefined;
    return name?.type === 'Identifier' ? this.declaredAt(name) : undefined;
  }

  /** The function in which a variable is declared; undefined: it is the program's, and all calls have the same. */
  homeOf(variable: Variable): Node | undefined {
    const { block, type } = variable.scope.variableScope;
    return type === 'function' || type === 'class-field-initializer' ? block : undefined;
  }

  /** The function whose `this` a node has, arrows left out. */
  #receiverOf(node: Node): Node | undefined {
    let around = this.functionOf(node);
    while (around?.type === 'ArrowFunctionExpression') around = this.functionOf(around);
    return around;
  }

  /** Whether `this` of a node is that of a constructor, a method or an initializer of a class. */
  isInClass(node: Node): boolean {
    const receiver = this.#receiverOf(node);
    if (receiver === undefined) return false;
    return receiver.type === 'PropertyDefinition' || this.parentOf(receiver)?.type === 'MethodDefinition';
  }

  /** Whether a class that extends this has instances of its own: a function may give any object, and a view of a buffer is not alone. */
  isPlainBase(node: Node): boolean {
    return /^(?:\w*Error|Array|Map|Set)$/u.test(this.globalOf(node) ?? '') || this.isClass(this.variableOf(node));
  }

  /** Values that a function returns; undefined where it gives something else: a promise, or a generator. */
  returnsOf(node: FunctionNode): Expression[] | undefined {
    if (node.generator === true || node.async === true) return undefined;
    return node.body.type === 'BlockStatement' ? (this.#returns.get(node) ?? []) : [node.body];
  }

  /** The function that a variable always stands for. */
  functionNamed(variable: Variable | undefined): FunctionNode | undefined {
    const node = this.#onlyValueOf(variable);
    return node !== undefined && isFunction(node) ? node : undefined;
  }

  /** Whether a variable always stands for a class. */
  isClass(variable: Variable | undefined): boolean {
    const node = this.#onlyValueOf(variable);
    return node?.type === 'ClassDeclaration' || node?.type === 'ClassExpression';
  }

  #onlyValueOf(variable: Variable | undefined): Node | undefined {
    const [definition, ...others] = variable?.defs ?? [];
    if (definition === undefined || others.length > 0) return undefined;
    if (variable?.references.some((one) => one.isWrite() && one.init !== true) === true) return undefined;
    const node = definition.node as Node;
    if (definition.type === 'FunctionName' || definition.type === 'ClassName') return node;
    if (definition.type !== 'Variable' || node.type !== 'VariableDeclarator' || node.id.type !== 'Identifier') return undefined;
    return node.init ?? undefined;
  }
}

export function isFunction(node: Node): node is FunctionNode {
  return node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
}

/** The name of a member, where it stands in the source. */
export function nameOfMember({ property, computed }: MemberExpression): string | undefined {
  if (property.type === 'PrivateIdentifier') return `#${property.name}`;
  if (!computed) return property.type === 'Identifier' ? property.name : undefined;
  return property.type === 'Literal' ? String(property.value) : undefined;
}

/** The member that a call calls, with its name. */
export function calledMember({ callee }: Pick<CallExpression, 'callee'>): MemberExpression | undefined {
  return callee.type === 'MemberExpression' ? callee : undefined;
}

function parentsOf(tree: Node): Map<Node, Node> {
  const parents = new Map<Node, Node>();
  const waiting: Node[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const child of childrenOf(node)) {
      parents.set(child, node);
      waiting.push(child);
    }
  }
  return parents;
}
