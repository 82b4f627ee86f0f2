import type { Node } from 'estree';

const notChildren = new Set(['type', 'start', 'end', 'loc', 'range', 'regex', 'value', 'raw', 'bigint']);

/** The nodes directly inside of one. */
export function childrenOf(node: Node): Node[] {
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
    if (notChildren.has(key) && (key !== 'value' || 'raw' in node)) return [];
    return [value].flat().filter(isNode);
  });
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
