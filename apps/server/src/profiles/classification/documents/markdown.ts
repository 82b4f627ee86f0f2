/** Invisible characters, which could hide or reorder what stands beside them. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu;

/** Text of people or of data in a document: one line, and nothing in it has a meaning of Markdown. */
export function plain(text: string, limit = 300): string {
  const line = text.replaceAll(/\s+/gu, ' ').replaceAll(INVISIBLE, '').trim();
  const cut = line.length > limit ? `${line.slice(0, limit).toWellFormed()}…` : line;
  return cut.replaceAll(/[\\`*_[\]<>#|~&]/gu, String.raw`\$&`);
}

/** A name or a label as code: one line, with nothing in it that ends the code or the cell of a table. */
export function code(text: string, limit = 100): string {
  const line = text.replaceAll(/\s+/gu, ' ').replaceAll(INVISIBLE, '').replaceAll('`', "'").trim();
  const cut = line.length > limit ? `${line.slice(0, limit).toWellFormed()}…` : line;
  return `\`${cut.replaceAll('|', String.raw`\|`) || ' '}\``;
}

/** A share with one decimal. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A share with its 95 % interval. */
export function percentWithin({ accuracy, low, high }: { accuracy: number; low: number; high: number }): string {
  return `${percent(accuracy)} (95 % interval ${percent(low)} to ${percent(high)})`;
}

/** A table; cells are Markdown already. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headers, headers.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A list; an empty one says so. */
export function list(items: readonly string[], none = 'None.'): string {
  return items.length === 0 ? none : items.map((item) => `- ${item}`).join('\n');
}

/** A document of a heading and its parts; empty parts are left out. */
export function markdown(title: string, ...parts: readonly string[]): string {
  return `${[`# ${title}`, ...parts].filter((part) => part !== '').join('\n\n')}\n`;
}
