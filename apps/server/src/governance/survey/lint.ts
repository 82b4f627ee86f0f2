import { type SyntaxNode, childrenOf, isNode, nameOf, nodeAt, walkTree } from './tree.ts';

/** A problem of a module, named as ESLint names its rule. */
export interface LintProblem {
  readonly rule: string;
  readonly offset: number;
  readonly message: string;
}

type Rule = (node: SyntaxNode, text: string, parent: SyntaxNode | undefined) => string | undefined;

/**
 * What is a mistake in any style: unreachable and constant code, doubled keys, comparisons that convert, leftovers. It reads no configuration of
 * the workspace, so nothing in the workspace can switch it off.
 */
const RULES: Readonly<Record<string, Rule>> = {
  'no-debugger': ({ type }) => (type === 'DebuggerStatement' ? 'a "debugger" was left behind' : undefined),
  'no-var': (node) => (node.type === 'VariableDeclaration' && node['kind'] === 'var' ? 'use "let" or "const"' : undefined),
  'no-with': ({ type }) => (type === 'WithStatement' ? '"with" is not allowed' : undefined),
  eqeqeq: (node) => {
    if (node.type !== 'BinaryExpression' || !['==', '!='].includes(String(node['operator']))) return undefined;
    const isNull = [nodeAt(node, 'left'), nodeAt(node, 'right')].some(
      (side) => side?.type === 'Literal' && side['value'] === null,
    );
    return isNull ? undefined : `"${String(node['operator'])}" converts what it compares`;
  },
  'no-self-compare': (node, text) => {
    const [left, right] = [nodeAt(node, 'left'), nodeAt(node, 'right')];
    if (node.type !== 'BinaryExpression' || left === undefined || right === undefined) return undefined;
    const isSame = /^[=!]==?$/.test(String(node['operator'])) && textOf(left, text) === textOf(right, text);
    return isSame ? 'both sides of the comparison are the same' : undefined;
  },
  'no-constant-condition': (node) => {
    if (node.type !== 'IfStatement' && node.type !== 'ConditionalExpression') return undefined;
    return nodeAt(node, 'test')?.type === 'Literal' ? 'the condition is always the same' : undefined;
  },
  'no-empty': (node, text, parent) => {
    // A function that does nothing is often meant so.
    if (parent !== undefined && /Function|StaticBlock/.test(parent.type)) return undefined;
    if (node.type !== 'BlockStatement' || [node['body']].flat().length > 0) return undefined;
    return textOf(node, text).replaceAll(/[\s{}]/g, '') === '' ? 'the block is empty' : undefined;
  },
  'no-unreachable': (node) => {
    const list = node.type === 'SwitchCase' ? node['consequent'] : node['body'];
    if (!Array.isArray(list)) return undefined;
    const end = list.findIndex((item) => isNode(item) && /^(?:Return|Throw|Break|Continue)Statement$/.test(item.type));
    const isCode = (item: unknown): boolean => isNode(item) && item.type !== 'FunctionDeclaration' && !item.type.startsWith('TS');
    return end !== -1 && list.slice(end + 1).some(isCode) ? 'what follows is never reached' : undefined;
  },
  'no-dupe-keys': (node) => {
    if (node.type !== 'ObjectExpression') return undefined;
    const seen = new Set<string>();
    for (const property of childrenOf(node)) {
      const name = property['computed'] === true || property['kind'] !== 'init' ? undefined : nameOf(nodeAt(property, 'key'));
      if (name === undefined) continue;
      if (seen.has(name)) return `the key "${name}" stands twice`;
      seen.add(name);
    }
    return undefined;
  },
  'no-eval': (node) => {
    const callee = nodeAt(node, 'callee');
    const isMaker = node.type === 'NewExpression' || node.type === 'CallExpression';
    if (!isMaker || callee?.type !== 'Identifier') return undefined;
    const name = String(callee['name']);
    return (name === 'eval' && node.type === 'CallExpression') || name === 'Function'
      ? `"${name}" runs a text as code`
      : undefined;
  },
  'no-unsafe-finally': (node) => {
    if (node.type !== 'TryStatement') return undefined;
    const list = nodeAt(node, 'finalizer')?.['body'];
    const jumps = Array.isArray(list) && list.some((item) => isNode(item) && /^(?:Return|Throw)Statement$/.test(item.type));
    return jumps ? 'a jump out of "finally" hides an error' : undefined;
  },
};

/** Every problem of a module, in the order of the text. */
export function lintProblems(program: SyntaxNode, text: string): LintProblem[] {
  const problems: LintProblem[] = [];
  walkTree(program, {
    enter: (node, around) => {
      for (const [rule, check] of Object.entries(RULES)) {
        const message = check(node, text, around.at(-1));
        if (message !== undefined) problems.push({ rule, offset: node.start, message });
      }
    },
  });
  return problems;
}

function textOf({ start, end }: SyntaxNode, text: string): string {
  return text.slice(start, end);
}
