import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '@loopwright/protocol';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type ConfigurationIssue, unknownName } from './issue.ts';
import { isSettingKey, SETTING_KEYS, type SettingKey } from './settings.ts';

/** Name of the file that is read from the working directory when none is named. */
const CONFIGURATION_FILE = 'loopwright.yaml';

const FILE_LIMIT_BYTES = 1024 * 1024;

/** What the configuration file says. */
export interface FileSettings {
  /** Absolute path; `undefined` when there is no file and none was asked for. */
  readonly path: string | undefined;
  readonly values: ReadonlyMap<SettingKey, unknown>;
  readonly issues: readonly ConfigurationIssue[];
}

/** Reads the named file, or `loopwright.yaml` where it exists. */
export async function readConfigurationFile(workingDir: string, named: string | undefined): Promise<FileSettings> {
  const path = resolve(workingDir, named ?? CONFIGURATION_FILE);
  const values = new Map<SettingKey, unknown>();
  const refuse = (message: string): FileSettings => ({ path, values, issues: [{ source: `file ${path}`, message }] });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing && named === undefined
      ? { path: undefined, values, issues: [] }
      : refuse(`it cannot be read: ${messageOf(error)}`);
  }
  if (Buffer.byteLength(text) > FILE_LIMIT_BYTES) return refuse(`it is larger than ${FILE_LIMIT_BYTES} bytes`);
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) return refuse(document.errors.map((error) => error.message.split('\n')[0]).join('; '));
  const content = z
    .record(z.string(), z.unknown())
    .nullable()
    .safeParse(document.toJS({ maxAliasCount: 10 }));
  if (!content.success) return refuse('it is not a map of settings');
  const issues: ConfigurationIssue[] = [];
  for (const [key, value] of Object.entries(content.data ?? {})) {
    if (isSettingKey(key)) values.set(key, value);
    else issues.push(unknownName(`file ${path}: ${key}`, key, SETTING_KEYS));
  }
  return { path, values, issues };
}
