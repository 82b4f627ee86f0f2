import type { Json } from '@loopwright/protocol';

/** Everything but letters, marks, numbers, signs and the plain blank: control, bidirectional and other invisible characters. */
const INVISIBLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/**
 * Writes a JSON value as a TypeScript literal of one line. Examples are hostile data: whatever is invisible or could end
 * a line, a comment or a script element is escaped, so that a literal may also stand in a line comment.
 */
export function literal(value: Json): string {
  return JSON.stringify(value)
    .replaceAll(INVISIBLE, escapeCharacter)
    .replaceAll('</', String.raw`<\/`)
    .replaceAll('*/', String.raw`*\/`);
}

/** Text of people for a line comment: one line, no invisible characters, at most `limit` characters. */
export function commentText(text: string, limit = 200): string {
  const line = text.replaceAll(/\s+/gu, ' ').replaceAll(INVISIBLE, '').replaceAll('*/', '* /').replaceAll('</', '< /').trim();
  return line.length > limit ? `${line.slice(0, limit).toWellFormed()}…` : line;
}

/** Text of people for Markdown: every sign that has a meaning there is escaped, line ends become blanks. */
export function markdownText(text: string, limit = 300): string {
  const line = text.replaceAll(/\s+/gu, ' ').replaceAll(INVISIBLE, '').trim();
  const cut = line.length > limit ? `${line.slice(0, limit).toWellFormed()}…` : line;
  return cut.replaceAll(/[\\`*_{}[\]()<>#+\-.!|~&:@$^=]/gu, String.raw`\$&`);
}

function escapeCharacter(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
