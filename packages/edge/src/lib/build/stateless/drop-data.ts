import type { Node, Property } from 'estree';
import { childrenOf } from './child-nodes.ts';

/**
 * Empties the lists and objects of a tree that hold nothing but numbers, texts and such: in them there is nothing to find, and programs that were induced
 * from examples consist of little else. Throws a RangeError for a tree that is nested too deeply.
 */
export function dropData(tree: Node): void {
  isData(tree);
}

/** Whether a node is data; what is data inside of it is emptied. */
function isData(node: Node): boolean {
  // An expression of patterns keeps its place in a text.
  if (node.type === 'Literal') return !('regex' in node);
  if (node.type === 'UnaryExpression') return isData(node.argument) && ['-', '+'].includes(node.operator);
  if (node.type === 'ArrayExpression') {
    if (!areAll(node.elements, (element) => element === null || isData(element))) return false;
    node.elements = [];
    return true;
  }
  if (node.type === 'ObjectExpression') {
    if (!areAll(node.properties, (property) => (property.type === 'Property' ? isDataProperty(property) : isData(property))))
      return false;
    node.properties = [];
    return true;
  }
  for (const child of childrenOf(node)) isData(child);
  return false;
}

function isDataProperty({ key, value, kind, computed, method, shorthand }: Property): boolean {
  if (computed) isData(key);
  const isPlain = kind === 'init' && !computed && !method && !shorthand;
  const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : '__proto__';
  return isData(value) && isPlain && name !== '__proto__';
}

/** Like `every`, but all are looked at. */
function areAll<T>(items: readonly T[], holds: (item: T) => boolean): boolean {
  let all = true;
  for (const item of items) all = holds(item) && all;
  return all;
}
