import type { CallExpression, MemberExpression, Node } from 'estree';
import { CHANGES_ARGUMENT, KNOWN_GLOBALS, LEADS_OUT, SEARCHES, isChangingMethod } from './known-names.ts';
import { NewValues } from './new-values.ts';
import { ProgramSyntax, calledMember, isFunction, nameOfMember } from './program-syntax.ts';
import { type ProgramTraits, traitsOf } from './program-traits.ts';

/** What the bundler writes around a program. */
const CODE_START = '"use strict";\nvar program = (() => {\n';
const MODULE_START = '\n  // program:program.ts\n';
const CODE_END = '  return __toCommonJS(stdin_exports);\n})();\nreturn program.run;\n';

/** Nodes that a program may have; whatever the language gets next is not among them. */
const KNOWN_NODES = new Set(
  `Program ExpressionStatement BlockStatement EmptyStatement DebuggerStatement ReturnStatement LabeledStatement BreakStatement
  ContinueStatement IfStatement SwitchStatement SwitchCase ThrowStatement TryStatement CatchClause WhileStatement DoWhileStatement
  ForStatement ForInStatement ForOfStatement FunctionDeclaration VariableDeclaration VariableDeclarator ThisExpression ArrayExpression
  ObjectExpression Property FunctionExpression ArrowFunctionExpression UnaryExpression UpdateExpression BinaryExpression
  LogicalExpression AssignmentExpression ConditionalExpression CallExpression NewExpression SequenceExpression MemberExpression
  TemplateLiteral TemplateElement TaggedTemplateExpression Identifier Literal SpreadElement RestElement ObjectPattern ArrayPattern
  AssignmentPattern ChainExpression YieldExpression ClassDeclaration ClassExpression ClassBody MethodDefinition PropertyDefinition
  PrivateIdentifier Super ExportNamedDeclaration ExportSpecifier`.split(/\s+/u),
);

/**
 * Says why a call of a program might find something that a call before has left behind; undefined: it cannot, so all calls may run in one
 * evaluation of the program and give what each would give in an evaluation of its own.
 *
 * It is not run: every place is looked at that changes something, and each must change what the call itself has made. What that is for certain,
 * {@link NewValues} tells; all else counts as shared. Names that are only known at run time may be read by, not called or written by, except on a new value.
 *
 * `code`: what `buildProgram` made. Throws a RangeError for one that is nested too deeply.
 */
export function whyStateful(code: string): string | undefined {
  const source = moduleOf(code);
  if (source === undefined) return 'it has another form than programs are built in';
  const syntax = new ProgramSyntax(source);
  const look = new StateSearch(syntax);
  for (const node of syntax.nodes) {
    const reason = look.reasonOf(node);
    if (reason !== undefined) return `line ${node.loc?.start.line ?? 1}: ${reason}`;
  }
  return undefined;
}

/** The program's own statements with its export, out of what the bundler put around them. */
function moduleOf(code: string): string | undefined {
  const start = code.indexOf(MODULE_START);
  const exported = /\n {4}run: \(\) => ([\w$]+)\n/u.exec(code.slice(0, Math.max(0, start)))?.[1];
  if (exported === undefined || !code.startsWith(CODE_START) || !code.endsWith(CODE_END)) return undefined;
  return `${code.slice(start, -CODE_END.length)}\nexport { ${exported} as run };`;
}

class StateSearch {
  readonly #syntax: ProgramSyntax;
  readonly #new: NewValues;
  readonly #traits: ProgramTraits;

  constructor(syntax: ProgramSyntax) {
    this.#syntax = syntax;
    this.#traits = traitsOf(syntax);
    this.#new = new NewValues(syntax, this.#traits);
  }

  /** What is wrong with a node. */
  reasonOf(node: Node): string | undefined {
    if (!KNOWN_NODES.has(node.type)) return `${node.type} is not looked into`;
    const isLater = !this.#syntax.isLoading(node);
    if (isFunction(node)) return node.async === true ? 'a function that waits' : undefined;
    if (node.type === 'Identifier') return this.#reasonOfName(node.name, node);
    if (node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition')
      return this.#reasonOfMember(node);
    if (node.type === 'MemberExpression') return this.#reasonOfAccess(node, isLater);
    if (node.type === 'CallExpression') return isLater ? this.#reasonOfCall(node) : this.#reasonWhenLoaded();
    if (node.type === 'ThisExpression') return this.#syntax.isInClass(node) ? undefined : '"this" outside of a class';
    if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') {
      const isPlain = node.superClass == null || this.#syntax.isPlainBase(node.superClass);
      return isPlain ? undefined : 'a class whose base may give anything';
    }
    const isGivenBack = node.type === 'ReturnStatement' && node.argument != null;
    return isGivenBack && this.#isConstructor(this.#syntax.functionOf(node)) ? 'a constructor that returns something' : undefined;
  }

  #reasonOfName(name: string, node: Node): string | undefined {
    const reference = node.type === 'Identifier' ? this.#syntax.references.get(node) : undefined;
    if (reference === undefined) return undefined;
    if (reference.resolved === null) {
      if (reference.isWrite() || !KNOWN_GLOBALS.has(name)) return `the global ${name}`;
      const isClass = name === 'RegExp' && !this.#isCalled(node) && this.#syntax.parentOf(node)?.type !== 'BinaryExpression';
      if (isClass) return 'RegExp, which knows what was found last';
      const isEarly = this.#traits.runsWhenLoaded || this.#syntax.functionOf(node) === undefined;
      return isEarly && this.#tellsTheMoment(node, name) ? `${name}, asked when the program is loaded` : undefined;
    }
    if (!reference.isWrite() || reference.init === true) return undefined;
    if (this.#syntax.isLoading(node)) return undefined;
    const place = this.#syntax.functionOf(node);
    const home = this.#syntax.homeOf(reference.resolved);
    if (home === undefined) return `${name} is changed, and declared outside of the functions`;
    return this.#traits.runsWhenLoaded && home !== place
      ? `${name} is changed, and may be held by a function that was made before`
      : undefined;
  }

  #tellsTheMoment(node: Node, name: string): boolean {
    if (name === 'Date') return true;
    const parent = this.#syntax.parentOf(node);
    const isOther = parent?.type === 'MemberExpression' && ![undefined, 'random'].includes(nameOfMember(parent));
    return name === 'Math' && !isOther;
  }

  /** A member that is declared, in an object, a pattern or a class. */
  #reasonOfMember(node: Node & { type: 'Property' | 'MethodDefinition' | 'PropertyDefinition' }): string | undefined {
    if (node.type !== 'Property' && node.static) return 'a static member';
    if (node.computed) return node.type === 'Property' ? undefined : 'a member of a class whose name is worked out';
    const name = node.key.type === 'Identifier' ? node.key.name : node.key.type === 'Literal' ? String(node.key.value) : '';
    if (name === '__proto__') return 'the member __proto__';
    const isTaken = this.#syntax.parentOf(node)?.type === 'ObjectPattern';
    return isTaken && (LEADS_OUT.has(name) || isChangingMethod(name)) ? `${name} is taken out of an object` : undefined;
  }

  #reasonOfAccess(node: MemberExpression, isLater: boolean): string | undefined {
    const name = nameOfMember(node);
    if (name !== undefined && LEADS_OUT.has(name)) return this.#isOwnQuestion(node) ? undefined : `the member ${name}`;
    if (!isLater) return undefined;
    if (this.#isChanged(node))
      return this.#new.has(node.object) ? undefined : 'something is changed that the call may not have made';
    const isCalled = this.#isCalled(node);
    if (name === undefined)
      return isCalled && !this.#new.has(node.object) ? 'a method is called whose name is worked out' : undefined;
    const isLookedAt = isCalled && this.#syntax.parentOf(node)?.type === 'CallExpression';
    return !isLookedAt && isChangingMethod(name) ? `${name} is taken out of an object` : undefined;
  }

  #reasonOfCall(call: CallExpression): string | undefined {
    const member = calledMember(call);
    if (member === undefined) return undefined;
    const name = nameOfMember(member) ?? '';
    const isStatic = this.#syntax.globalOf(member.object) === 'Object' && CHANGES_ARGUMENT.has(name);
    const changed = isStatic ? call.arguments[0] : member.object;
    const mayChange = isChangingMethod(name) || (SEARCHES.has(name) && this.#traits.hasPlaces);
    return mayChange && !this.#new.has(changed) ? `${name} may change something that the call has not made` : undefined;
  }

  /** What is used up by calls must not be made when the program is loaded. */
  #reasonWhenLoaded(): string | undefined {
    return this.#traits.hasIterators && this.#traits.runsWhenLoaded
      ? 'an iterator may have been made when the program was loaded'
      : undefined;
  }

  /** Whether a member is written, or taken away. */
  #isChanged(node: Node): boolean {
    const parent = this.#syntax.parentOf(node);
    if (parent?.type === 'UnaryExpression') return parent.operator === 'delete';
    if (parent?.type === 'ChainExpression') return this.#isChanged(parent);
    if (parent?.type === 'Property') return parent.value === node && this.#syntax.parentOf(parent)?.type === 'ObjectPattern';
    if (parent !== undefined && 'left' in parent && parent.type !== 'BinaryExpression' && parent.type !== 'LogicalExpression')
      return parent.left === node;
    return parent?.type === 'UpdateExpression' || parent?.type === 'ArrayPattern' || parent?.type === 'RestElement';
  }

  #isCalled(node: Node): boolean {
    const parent = this.#syntax.parentOf(node);
    if (parent?.type === 'ChainExpression') return this.#isCalled(parent);
    if (parent?.type === 'TaggedTemplateExpression') return parent.tag === node;
    return (parent?.type === 'NewExpression' || parent?.type === 'CallExpression') && parent.callee === node;
  }

  /** `Object.prototype.hasOwnProperty.call(…)`, which only looks. */
  #isOwnQuestion(node: MemberExpression): boolean {
    const parent = this.#syntax.parentOf(node);
    if (nameOfMember(node) === 'prototype') {
      const isOfObject =
        this.#syntax.globalOf(node.object) === 'Object' && parent?.type === 'MemberExpression' && parent.object === node;
      const around = isOfObject ? this.#syntax.parentOf(parent) : undefined;
      return (
        isOfObject &&
        isLook(parent) &&
        around?.type === 'MemberExpression' &&
        nameOfMember(around) === 'call' &&
        this.#isOwnQuestion(around)
      );
    }
    return (
      nameOfMember(node) === 'call' && node.object.type === 'MemberExpression' && isLook(node.object) && this.#isCalled(node)
    );
  }

  #isConstructor(node: Node | undefined): boolean {
    const parent = node === undefined ? undefined : this.#syntax.parentOf(node);
    return parent?.type === 'MethodDefinition' && parent.kind === 'constructor';
  }
}

function isLook(node: MemberExpression): boolean {
  return ['hasOwnProperty', 'propertyIsEnumerable', 'toString'].includes(nameOfMember(node) ?? '');
}
