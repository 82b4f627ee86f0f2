/** Parts of a statement in which a `?` is no placeholder: comments, texts, names, dollar-quoted texts; and `??`, which is the operator `?`. */
const PARTS = /--[^\n]*|\/\*|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|\?\??/gu;
/** A text in which a backslash escapes: `E'…'`. */
const ESCAPED_TEXT = /'(?:[^'\\]|''|\\[\s\S])*'/uy;

/** A statement with `?` as PostgreSQL wants it, with `$1`, `$2` …; `??` becomes the operator `?`. What is in texts, names and comments stays as it is. */
export function numberedPlaceholders(sql: string): string {
  let result = '';
  let at = 0;
  let count = 0;
  for (let found = partAt(sql, at); found !== undefined; found = partAt(sql, at)) {
    result += sql.slice(at, found.start);
    const part = sql.slice(found.start, found.end);
    result += part === '?' ? `$${(count += 1)}` : part === '??' ? '?' : part;
    at = found.end;
  }
  return result + sql.slice(at);
}

/** The first word of a statement in capitals, behind comments; `''` when there is none. */
export function firstKeyword(sql: string): string {
  let at = 0;
  for (;;) {
    at += /^\s*/u.exec(sql.slice(at))?.[0].length ?? 0;
    const isComment = sql.startsWith('--', at) || sql.startsWith('/*', at);
    if (!isComment) return (/^[A-Za-z]+/u.exec(sql.slice(at))?.[0] ?? '').toUpperCase();
    at = partAt(sql, at)?.end ?? sql.length;
  }
}

function partAt(sql: string, from: number): { readonly start: number; readonly end: number } | undefined {
  PARTS.lastIndex = from;
  const found = PARTS.exec(sql);
  if (found === null) return undefined;
  const start = found.index;
  const [part] = found;
  if (part === '/*') return { start, end: endOfComment(sql, start) };
  if (part.startsWith('$')) {
    const end = sql.indexOf(part, start + part.length);
    return { start, end: end === -1 ? sql.length : end + part.length };
  }
  const isEscaped = part.startsWith("'") && /(?:^|[^\w\u0080-\uffff$])[eE]$/u.test(sql.slice(Math.max(0, start - 2), start));
  if (!isEscaped) return { start, end: start + part.length };
  ESCAPED_TEXT.lastIndex = start;
  return { start, end: start + (ESCAPED_TEXT.exec(sql)?.[0].length ?? part.length) };
}

/** Comments of PostgreSQL stand in each other. */
function endOfComment(sql: string, start: number): number {
  const marks = /\/\*|\*\//gu;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}
