import { LOOP_LIMITS } from '../loop/limits.ts';
import type { TextFile } from '../loop/model-task.ts';

/**
 * Files out of the fenced blocks of a text, for models that can call nothing. A block is a file when it names its path: in a comment on its first line (`// file: a.ts`) or
 * after its language (` ```ts a.ts `). Lines are looked at one by one, so that no text can make this slow.
 */
export function fencedFiles(text: string): TextFile[] {
  const files: TextFile[] = [];
  let fence: string | undefined;
  let path: string | undefined;
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const mark = fenceOf(line);
    if (fence === undefined) {
      if (mark === undefined) continue;
      fence = mark;
      path = pathOf(line.trim().slice(mark.length).trim().split(' ').at(-1) ?? '');
      lines = [];
    } else if (mark !== undefined && mark.startsWith(fence) && line.trim() === mark) {
      if (path !== undefined && files.length <= LOOP_LIMITS.files) files.push({ path, content: `${lines.join('\n')}\n` });
      fence = undefined;
    } else if (lines.length === 0 && path === undefined) {
      path = commentedPath(line);
      if (path === undefined) lines.push(line);
    } else lines.push(line);
  }
  return files;
}

function fenceOf(line: string): string | undefined {
  return /^ {0,3}(`{3,20}|~{3,20})/.exec(line)?.[1];
}

function commentedPath(line: string): string | undefined {
  const said = /^(?:\/\/|#|\/\*|<!--) ?(?:file|path): ?(\S{1,300})/i.exec(line.trim())?.[1];
  return said === undefined ? undefined : pathOf(said);
}

/** A word that names a file: it has an extension. Whether it may be used is looked at later. */
function pathOf(word: string): string | undefined {
  return word.length <= LOOP_LIMITS.pathCharacters && /[^.]\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(word) ? word : undefined;
}
