import { type SyntaxNode, isNode, nameOf, nodeAt, walkTree } from './tree.ts';

/** One function and its cyclomatic complexity: one, and one more for each place at which the flow can go two ways. */
export interface FunctionComplexity {
  readonly name: string;
  readonly offset: number;
  readonly complexity: number;
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression', 'StaticBlock']);
const DECISIONS = new Set([
  'IfStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'ConditionalExpression',
  'CatchClause',
  'LogicalExpression',
]);

/** The complexity of every function of a module (McCabe, 1976); a function inside another one counts for itself. */
export function complexities(program: SyntaxNode): FunctionComplexity[] {
  const all: FunctionComplexity[] = [];
  const open: { name: string; offset: number; complexity: number }[] = [];
  walkTree(program, {
    enter: (node, around) => {
      // A declaration without a body, as of an overload, is no function.
      if (FUNCTIONS.has(node.type) && (node.type === 'StaticBlock' || isNode(node['body'])))
        open.push({ name: functionName(node, around.at(-1)), offset: node.start, complexity: 1 });
      else if (isDecision(node)) {
        const inner = open.at(-1);
        if (inner !== undefined) inner.complexity += 1;
      }
    },
    leave: (node) => {
      if (!FUNCTIONS.has(node.type) || (node.type !== 'StaticBlock' && !isNode(node['body']))) return;
      const done = open.pop();
      if (done !== undefined) all.push(done);
    },
  });
  return all;
}

function isDecision(node: SyntaxNode): boolean {
  if (node.type === 'SwitchCase') return node['test'] !== null;
  if (node.type === 'AssignmentExpression') return ['&&=', '||=', '??='].includes(String(node['operator']));
  return DECISIONS.has(node.type);
}

function functionName(node: SyntaxNode, parent: SyntaxNode | undefined): string {
  const own = nameOf(nodeAt(node, 'id'));
  if (own !== undefined) return own;
  return (
    (parent !== undefined && /Declarator|Property|Method|PropertyDefinition/.test(parent.type) && nameOf(parent)) || '(anonymous)'
  );
}
