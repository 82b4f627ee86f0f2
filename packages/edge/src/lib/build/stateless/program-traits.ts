import type { Node } from 'estree';
import { CALLED_UNSEEN, GIVES_ITERATOR } from './known-names.ts';
import { type ProgramSyntax, calledMember, isFunction, nameOfMember } from './program-syntax.ts';

/** What is known of a whole program. */
export interface ProgramTraits {
  /** Names of methods that the program itself defines: what they return is not known by their names. */
  readonly ownMethods: ReadonlySet<string>;
  /** Whether functions of the program run when it is loaded: what such a one has made may be held by a function that calls share. */
  readonly runsWhenLoaded: boolean;
  /** Whether iterators are made that are not gone through at once. */
  readonly hasIterators: boolean;
  /** Whether an expression that keeps its place in a text may be shared. */
  readonly hasPlaces: boolean;
}

/** Looks through a program once. */
export function traitsOf(syntax: ProgramSyntax): ProgramTraits {
  const { nodes } = syntax;
  const ownMethods = ownMethodsOf(nodes);
  const runsWhenLoaded =
    nodes.some((node) => runsProgram(node, { syntax, ownMethods }) || isAccessor(node)) ||
    [...CALLED_UNSEEN].some((name) => ownMethods.has(name));
  const hasIterators = nodes.some((node) => (isFunction(node) && node.generator === true) || makesIterator(node, syntax));
  const hasPlaces = nodes.some((node) => (runsWhenLoaded || syntax.functionOf(node) === undefined) && keepsPlace(node, syntax));
  return { ownMethods, runsWhenLoaded, hasIterators, hasPlaces };
}

function isAccessor(node: Node): boolean {
  return (node.type === 'Property' || node.type === 'MethodDefinition') && (node.kind === 'get' || node.kind === 'set');
}

/** Whether a call in the program's own statements may run a function of the program, or one that makes an iterator. */
function runsProgram(
  node: Node,
  { syntax, ownMethods }: { readonly syntax: ProgramSyntax; readonly ownMethods: ReadonlySet<string> },
): boolean {
  if (syntax.functionOf(node) !== undefined) return false;
  if (node.type === 'TaggedTemplateExpression') return syntax.globalOf(node.tag) === undefined;
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return false;
  if (node.arguments.some((one) => mayBeFunction(one, syntax))) return true;
  if (syntax.globalOf(node.callee) !== undefined) return false;
  if (node.callee.type !== 'MemberExpression') return true;
  const name = nameOfMember(node.callee);
  if (syntax.globalOf(node.callee.object) !== undefined) return name === undefined;
  return name === undefined || ownMethods.has(name) || GIVES_ITERATOR.has(name);
}

function mayBeFunction(node: Node, syntax: ProgramSyntax): boolean {
  if (isFunction(node) || node.type === 'ClassExpression') return true;
  if (node.type === 'Identifier') {
    const variable = syntax.variableOf(node);
    return variable !== undefined && variable.defs.some(({ type, node: at }) => type !== 'Variable' || mayHoldFunction(at));
  }
  return node.type === 'MemberExpression' && syntax.globalOf(node.object) === undefined;
}

function mayHoldFunction(declarator: Node): boolean {
  if (declarator.type !== 'VariableDeclarator') return true;
  const { init } = declarator;
  return init != null && !['Literal', 'ArrayExpression', 'ObjectExpression', 'TemplateLiteral'].includes(init.type);
}

/** Whether a node makes an iterator that is not gone through where it is made. */
function makesIterator(node: Node, syntax: ProgramSyntax): boolean {
  const member = node.type === 'CallExpression' ? calledMember(node) : undefined;
  if (member === undefined || !GIVES_ITERATOR.has(nameOfMember(member) ?? '')) return false;
  // Those of `Object` give arrays.
  if (syntax.globalOf(member.object) === 'Object') return false;
  const parent = syntax.parentOf(node);
  return parent?.type !== 'SpreadElement' && (parent?.type !== 'ForOfStatement' || parent.right !== node);
}

/** Whether a node makes an expression that keeps its place in a text. */
function keepsPlace(node: Node, syntax: ProgramSyntax): boolean {
  if (node.type === 'Literal' && 'regex' in node && node.regex != null) return /[gy]/u.test(node.regex.flags);
  return syntax.globalOf(node) === 'RegExp';
}

/** Names of the functions that objects and classes of the program may have. */
function ownMethodsOf(nodes: readonly Node[]): ReadonlySet<string> {
  const names = nodes.flatMap((node) => {
    if (node.type === 'AssignmentExpression') return node.left.type === 'MemberExpression' ? (nameOfMember(node.left) ?? []) : [];
    if (node.type !== 'Property' && node.type !== 'MethodDefinition' && node.type !== 'PropertyDefinition') return [];
    if (
      node.computed ||
      node.value == null ||
      ['Literal', 'TemplateLiteral', 'ArrayExpression', 'ObjectExpression'].includes(node.value.type)
    )
      return [];
    return node.key.type === 'Identifier' ? [node.key.name] : node.key.type === 'Literal' ? [String(node.key.value)] : [];
  });
  return new Set(names);
}
