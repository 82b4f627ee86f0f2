import type { Variable } from 'eslint-scope';
import type {
  CallExpression,
  Expression,
  Function as FunctionNode,
  NewExpression,
  Node,
  SimpleCallExpression,
  SpreadElement,
  Super,
} from 'estree';
import { CHANGES_ARGUMENT, GIVES_ITSELF, MAKES_NEW, MAKES_NEW_STATIC } from './known-names.ts';
import { type ProgramSyntax, calledMember, isFunction, nameOfMember } from './program-syntax.ts';
import type { ProgramTraits } from './program-traits.ts';

/**
 * Tells which expressions have a value that a call has made itself: to change it changes nothing that another call sees. What refers to itself
 * (a variable that is given its own value) is taken for such a value until something else is found.
 */
export class NewValues {
  readonly #syntax: ProgramSyntax;
  readonly #traits: ProgramTraits;
  readonly #known = new Map<Variable | FunctionNode, boolean>();

  constructor(syntax: ProgramSyntax, traits: ProgramTraits) {
    this.#syntax = syntax;
    this.#traits = traits;
  }

  /** Whether the value of an expression was made by the call that comes to it. */
  has(node: Expression | Super | SpreadElement | null | undefined): boolean {
    if (node == null) return false;
    switch (node.type) {
      case 'ArrayExpression':
      case 'ObjectExpression':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'Literal':
      case 'TemplateLiteral':
      case 'BinaryExpression':
      case 'UnaryExpression':
      case 'UpdateExpression':
        return true;
      case 'NewExpression':
        return this.#isNewObject(node);
      case 'CallExpression':
        return this.#isNewResult(node);
      case 'ConditionalExpression':
        return this.has(node.consequent) && this.has(node.alternate);
      case 'LogicalExpression':
        // The left side of `&&` is the value only where it is no object.
        return (node.operator === '&&' || this.has(node.left)) && this.has(node.right);
      case 'SequenceExpression':
        return this.has(node.expressions.at(-1));
      case 'ChainExpression':
        return this.has(node.expression);
      case 'AssignmentExpression':
        return ['=', '??=', '||=', '&&='].includes(node.operator)
          ? this.has(node.right) && (node.operator === '=' || (node.left.type === 'Identifier' && this.has(node.left)))
          : true;
      case 'ThisExpression':
        // Static members are refused, so it is an instance.
        return !this.#traits.runsWhenLoaded && this.#syntax.isInClass(node);
      case 'Identifier': {
        if (this.#syntax.globalOf(node) === 'undefined') return true;
        const variable = this.#syntax.variableOf(node);
        return variable !== undefined && this.#isHere(variable, node) && this.#holdsNew(variable);
      }
      case 'AwaitExpression':
      case 'ClassExpression':
      case 'ImportExpression':
      case 'MemberExpression':
      case 'MetaProperty':
      case 'SpreadElement':
      case 'Super':
      case 'TaggedTemplateExpression':
      case 'YieldExpression':
        return false;
    }
  }

  #isNewObject({ type, callee, arguments: given }: SimpleCallExpression | NewExpression): boolean {
    const name = this.#syntax.globalOf(callee);
    // An object stays the same in `Object`, an expression in `RegExp` without `new`; a typed array may look at a buffer that there is already.
    const mayStay = /^Object$|.Array$|^DataView$/u.test(name ?? '') || (name === 'RegExp' && type === 'CallExpression');
    if (name !== undefined) return !mayStay || given.every((one) => this.has(one));
    return this.#syntax.isClass(this.#syntax.variableOf(callee));
  }

  #isNewResult(call: CallExpression): boolean {
    const member = calledMember(call);
    if (member === undefined) {
      const named = this.#syntax.functionNamed(this.#syntax.variableOf(call.callee));
      return named === undefined
        ? this.#syntax.globalOf(call.callee) !== undefined && this.#isNewObject(call)
        : this.#returnsNew(named);
    }
    const name = nameOfMember(member) ?? '';
    const owner = this.#syntax.globalOf(member.object);
    if (owner === 'Object' && CHANGES_ARGUMENT.has(name)) return this.has(call.arguments[0]);
    if (owner !== undefined && MAKES_NEW_STATIC.has(`${owner}.${name}`)) {
      // A prototype may be what all calls share, and what revives JSON may put it there.
      if (name === 'create') return call.arguments[0]?.type === 'Literal' && call.arguments[0].value === null;
      return name !== 'parse' || call.arguments.length < 2;
    }
    if (owner !== undefined || this.#traits.ownMethods.has(name)) return false;
    return MAKES_NEW.has(name) || (GIVES_ITSELF.has(name) && this.has(member.object));
  }

  #returnsNew(node: FunctionNode): boolean {
    return this.#remembered(node, () => this.#syntax.returnsOf(node)?.every((value) => this.has(value)) === true);
  }

  /** Whether a variable belongs to the call that uses it at this place. */
  #isHere(variable: Variable, place: Node): boolean {
    const home = this.#syntax.homeOf(variable);
    if (home === undefined) return false;
    return !this.#traits.runsWhenLoaded || home === this.#syntax.functionOf(place);
  }

  #holdsNew(variable: Variable): boolean {
    return this.#remembered(variable, () => {
      const [definition, ...others] = variable.defs;
      if (definition === undefined || others.length > 0) return false;
      const isDeclared = definition.type === 'Variable' ? this.#isPlain(definition.node) : this.#isNewParameter(variable);
      return isDeclared && variable.references.every((one) => !one.isWrite() || this.#writesNew(one.identifier as Node));
    });
  }

  /** A variable that is declared by its name: not taken out of something, and not by a loop over something. */
  #isPlain(declarator: Node): boolean {
    if (declarator.type !== 'VariableDeclarator' || declarator.id.type !== 'Identifier') return false;
    const declaration = this.#syntax.parentOf(declarator);
    const around = declaration === undefined ? undefined : this.#syntax.parentOf(declaration);
    return (around?.type !== 'ForOfStatement' && around?.type !== 'ForInStatement') || around.left !== declaration;
  }

  #writesNew(target: Node): boolean {
    const parent = this.#syntax.parentOf(target);
    if (parent?.type === 'UpdateExpression') return true;
    if (parent?.type === 'VariableDeclarator') return this.has(parent.init);
    if (parent?.type === 'AssignmentPattern') return this.has(parent.right);
    if (parent?.type !== 'AssignmentExpression' || parent.left !== target) return false;
    return !['=', '??=', '||=', '&&='].includes(parent.operator) || this.has(parent.right);
  }

  /** A parameter that is given a new value wherever its function is called. */
  #isNewParameter(variable: Variable): boolean {
    const [definition] = variable.defs;
    const node = definition?.node as Node | undefined;
    if (definition?.type !== 'Parameter' || node === undefined || !isFunction(node)) return false;
    const index = node.params.findIndex(
      (one) => one === definition.name || (one.type === 'AssignmentPattern' && one.left === definition.name),
    );
    if (index < 0) {
      return node.params.some((one) => one.type === 'RestElement' && one.argument === definition.name);
    }
    return this.#isAccumulator(node, index) || this.#isGivenNew(node, index);
  }

  /** The first parameter of what `reduce` calls: its first value, and what the function returned before. */
  #isAccumulator(node: FunctionNode, index: number): boolean {
    const call = this.#syntax.parentOf(node);
    if (index !== 0 || call?.type !== 'CallExpression' || call.arguments[0] !== node) return false;
    const member = calledMember(call);
    const name = member === undefined ? undefined : nameOfMember(member);
    if ((name !== 'reduce' && name !== 'reduceRight') || this.#traits.ownMethods.has(name)) return false;
    return this.has(call.arguments[1]) && this.#returnsNew(node);
  }

  #isGivenNew(node: FunctionNode, index: number): boolean {
    const variable = this.#syntax.nameOf(node);
    if (variable === undefined || this.#syntax.functionNamed(variable) !== node) return false;
    return variable.references.every((reference) => {
      if (reference.init === true) return true;
      const name = reference.identifier as Node;
      const parent = this.#syntax.parentOf(name);
      // Whoever runs the program gives it a value that was read for this call.
      if (parent?.type === 'ExportSpecifier') return true;
      if (parent?.type !== 'CallExpression' || parent.callee !== name) return false;
      const given = parent.arguments.slice(0, index + 1);
      return given.every((one) => one.type !== 'SpreadElement') && (given.length <= index || this.has(given[index]));
    });
  }

  #remembered(key: Variable | FunctionNode, find: () => boolean): boolean {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, true);
    const found = find();
    // What was found meanwhile may have been found because this was taken for new.
    if (!found) for (const [other, isNew] of this.#known) if (isNew) this.#known.delete(other);
    this.#known.set(key, found);
    return found;
  }
}
