import { type SyntaxNode, nameOf, nodeAt, walkTree } from './tree.ts';

/** What a module declares for itself and never names again. */
export interface UnusedName {
  readonly kind: 'function' | 'class' | 'import';
  readonly name: string;
  readonly offset: number;
}

/**
 * Finds the functions and classes at the top of a module that are not exported, and its imports, whose name stands nowhere else in it. It goes
 * by names, not by scopes: a name that is used for something else hides an unused one, and nothing that is used is reported.
 */
export function unusedNames(program: SyntaxNode): UnusedName[] {
  const declared: (UnusedName & { readonly end: number })[] = [];
  for (const node of [program['body']].flat() as SyntaxNode[]) declared.push(...declarationsOf(node));
  const uses = usesOf(program);
  return declared
    .filter(({ name, offset, end }) => !(uses.get(name) ?? []).some((at) => at < offset || at >= end))
    .map(({ kind, name, offset }) => ({ kind, name, offset }));
}

function declarationsOf(node: SyntaxNode): (UnusedName & { readonly end: number })[] {
  const { start: offset, end } = node;
  const name = nameOf(nodeAt(node, 'id'));
  if (node.type === 'FunctionDeclaration' && name !== undefined) return [{ kind: 'function', name, offset, end }];
  if (node.type === 'ClassDeclaration' && name !== undefined) return [{ kind: 'class', name, offset, end }];
  if (node.type === 'VariableDeclaration') {
    return ([node['declarations']].flat() as SyntaxNode[]).flatMap((declarator) => {
      const value = nodeAt(declarator, 'init');
      const variable = nodeAt(declarator, 'id');
      const isFunction = value?.type === 'ArrowFunctionExpression' || value?.type === 'FunctionExpression';
      if (!isFunction || variable?.type !== 'Identifier') return [];
      return [{ kind: 'function', name: String(variable['name']), offset: declarator.start, end: declarator.end } as const];
    });
  }
  if (node.type !== 'ImportDeclaration') return [];
  return ([node['specifiers']].flat() as SyntaxNode[]).flatMap((specifier) => {
    const local = nameOf(nodeAt(specifier, 'local'));
    return local === undefined ? [] : [{ kind: 'import', name: local, offset, end } as const];
  });
}

/** Where each name stands as a name of a value or a type; keys and members are none. */
function usesOf(program: SyntaxNode): Map<string, number[]> {
  const uses = new Map<string, number[]>();
  walkTree(program, {
    enter: (node, around) => {
      if (node.type !== 'Identifier' && node.type !== 'JSXIdentifier') return;
      const parent = around.at(-1);
      if (parent !== undefined && isKey(node, parent)) return;
      const name = String(node['name']);
      const places = uses.get(name);
      if (places === undefined) uses.set(name, [node.start]);
      else places.push(node.start);
    },
  });
  return uses;
}

function isKey(node: SyntaxNode, parent: SyntaxNode): boolean {
  if (parent['computed'] === true) return false;
  if (parent.type === 'MemberExpression') return parent['property'] === node;
  if (parent.type === 'Property') return parent['key'] === node && parent['shorthand'] !== true;
  return (
    /^(?:MethodDefinition|PropertyDefinition|TSPropertySignature|TSMethodSignature)$/.test(parent.type) && parent['key'] === node
  );
}
