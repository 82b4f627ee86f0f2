import type { ProgramBundle } from '@loopwright/protocol';

/** What a version is made from, which people read; `null` when the bundle has none. */
export function sourceOf({ files }: ProgramBundle): { name: string; text: string } | null {
  for (const name of ['program.ts', 'program.py', 'program.js']) {
    const found = files[name];
    if (found !== undefined) return { name, text: textOf(found) };
  }
  return null;
}

/** The text in base64 of UTF-8. */
function textOf(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
}
