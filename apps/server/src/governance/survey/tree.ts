import { type Node, visitorKeys } from 'oxc-parser';

/** A node of a syntax tree, as every function here sees it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

/** Called when a node is come to and when it is left, with the nodes around it, the nearest last. */
export interface TreeVisitor {
  enter(node: SyntaxNode, around: readonly SyntaxNode[]): void;
  leave?(node: SyntaxNode): void;
}

/** Walks a tree in the order of its text, without recursion: code may be nested as deep as it likes. */
export function walkTree(root: SyntaxNode | Node, visitor: TreeVisitor): void {
  const around: SyntaxNode[] = [];
  const stack: { node: SyntaxNode; isLeft: boolean }[] = [{ node: root as unknown as SyntaxNode, isLeft: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, isLeft } = top;
    if (isLeft) {
      around.pop();
      visitor.leave?.(node);
      continue;
    }
    visitor.enter(node, around);
    around.push(node);
    stack.push({ node, isLeft: true });
    for (const child of childrenOf(node).toReversed()) stack.push({ node: child, isLeft: false });
  }
}

/** The nodes directly below one, in the order of its members. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const keys: readonly string[] = visitorKeys[node.type] ?? [];
  return keys.flatMap((key) => [node[key]].flat().filter(isNode));
}

/** Whether a member of a node is a node. */
export function isNode(value: unknown): value is SyntaxNode {
  return value !== null && typeof value === 'object' && 'type' in value && typeof value.type === 'string';
}

/** A member of a node that is a node. */
export function nodeAt(node: SyntaxNode, member: string): SyntaxNode | undefined {
  const value = node[member];
  return isNode(value) ? value : undefined;
}

/** The name of an identifier, of a key or of what a node declares; `undefined` when it has none. */
export function nameOf(node: SyntaxNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (typeof node['name'] === 'string') return node['name'];
  if (node.type === 'Literal') return String(node['value']).slice(0, 100);
  return nameOf(nodeAt(node, 'id') ?? nodeAt(node, 'key'));
}
