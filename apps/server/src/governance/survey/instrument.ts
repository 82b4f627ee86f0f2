import { type SyntaxNode, isNode, nodeAt, walkTree } from './tree.ts';

/** Code that counts which of its statements were run. */
export interface Instrumented {
  readonly code: string;
  /** How many statements it has. */
  readonly statements: number;
}

/** The name under which code counts; modules of a workspace must not use it. */
export const COUNTER = '__loopwright_ran__';

/** Declarations that run nothing by themselves, and what only types have. */
const NOT_RUN = /^(?:Import|ExportAll|FunctionDeclaration|ClassDeclaration|TS|EmptyStatement|BlockStatement)/;
const WRAPPED: Readonly<Record<string, readonly string[]>> = {
  IfStatement: ['consequent', 'alternate'],
  ForStatement: ['body'],
  ForInStatement: ['body'],
  ForOfStatement: ['body'],
  WhileStatement: ['body'],
  DoWhileStatement: ['body'],
};

/**
 * Puts a call before each statement of a module, `COUNTER(file, n)`; what is one statement without braces gets them, and the expression of an
 * arrow function counts as one. Types are left as they are. `file` is the number of the module.
 */
export function instrument(program: SyntaxNode, text: string, file: number): Instrumented {
  const inserts: { at: number; text: string; isEnd: boolean }[] = [];
  let statements = 0;
  let namespaces = 0;
  const count = (): string => {
    statements += 1;
    return `${COUNTER}(${file},${statements - 1})`;
  };
  const before = (node: SyntaxNode): void => {
    if (isCounted(node)) inserts.push({ at: node.start, text: `${count()};`, isEnd: false });
  };
  walkTree(program, {
    enter: (node) => {
      // Inside of namespaces nothing is counted: some of them are types only.
      if (node.type === 'TSModuleDeclaration') namespaces += 1;
      if (namespaces > 0) return;
      const list = node.type === 'SwitchCase' ? node['consequent'] : node['body'];
      const hasList = /^(?:Program|BlockStatement|SwitchCase|StaticBlock|FunctionBody)$/.test(node.type);
      if (hasList && Array.isArray(list)) for (const item of list) if (isNode(item)) before(item);
      for (const member of WRAPPED[node.type] ?? []) {
        const body = nodeAt(node, member);
        if (body === undefined || body.type === 'BlockStatement') continue;
        inserts.push(
          { at: body.start, text: `{${isCounted(body) ? `${count()};` : ''}`, isEnd: false },
          { at: body.end, text: '}', isEnd: true },
        );
      }
      const expression = node.type === 'ArrowFunctionExpression' ? nodeAt(node, 'body') : undefined;
      if (expression !== undefined && expression.type !== 'BlockStatement' && expression.type !== 'FunctionBody')
        inserts.push(
          { at: expression.start, text: `(${count()},`, isEnd: false },
          { at: expression.end, text: ')', isEnd: true },
        );
    },
    leave: ({ type }) => {
      if (type === 'TSModuleDeclaration') namespaces -= 1;
    },
  });
  return { code: insertAll(text, inserts), statements };
}

function isCounted(node: SyntaxNode): boolean {
  if (node.type === 'ExpressionStatement' && typeof node['directive'] === 'string') return false;
  if (node['declare'] === true) return false;
  if (/^Export(?:Named|Default)Declaration$/.test(node.type)) {
    const declaration = nodeAt(node, 'declaration');
    return declaration !== undefined && !NOT_RUN.test(declaration.type);
  }
  return !NOT_RUN.test(node.type);
}

/** Ends go before beginnings at the same place; of several ends and of several beginnings the first found is the outer one. */
function insertAll(text: string, inserts: readonly { at: number; text: string; isEnd: boolean }[]): string {
  const ordered = inserts
    .map((insert, order) => ({ ...insert, order }))
    .sort((a, b) => a.at - b.at || Number(b.isEnd) - Number(a.isEnd) || (a.isEnd ? b.order - a.order : a.order - b.order));
  let result = '';
  let from = 0;
  for (const insert of ordered) {
    result += text.slice(from, insert.at) + insert.text;
    from = insert.at;
  }
  return result + text.slice(from);
}
