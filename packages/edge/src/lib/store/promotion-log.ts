import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonObject, aliasNameSchema, jsonObjectSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { isMissing, syncFolder } from './durable-file.ts';

/** The record of one move of the active version: what the caller recorded, and the move. */
export type Promotion = JsonObject & { id: string; at: string; from: number | null; to: number };

/** The same of another alias; `to` is `null` when it was removed. */
export type AliasMove = JsonObject & { id: string; alias: string; at: string; from: number | null; to: number | null };

const moveSchema = z.object({ id: z.string(), at: z.iso.datetime({ offset: true }), from: z.int().nullable(), to: z.int() });
const promotionSchema: z.ZodType<Promotion> = z.intersection(jsonObjectSchema, moveSchema);
const aliasMoveSchema: z.ZodType<AliasMove> = z.intersection(
  jsonObjectSchema,
  moveSchema.extend({ alias: aliasNameSchema, to: z.int().nullable() }),
);

const promotionsName = 'promotions.jsonl';
const aliasMovesName = 'alias-moves.jsonl';

/** Reads the promotions of a program, the oldest first. A last line that a crash cut off is left out. */
export function readPromotions(folder: string): Promise<Promotion[]> {
  return readLog(join(folder, promotionsName), promotionSchema);
}

/** Reads the moves of another alias of a program, or of all of them, in the same way. */
export async function readAliasMoves(folder: string, alias?: string): Promise<AliasMove[]> {
  const moves = await readLog(join(folder, aliasMovesName), aliasMoveSchema);
  return alias === undefined ? moves : moves.filter((move) => move.alias === alias);
}

/** Adds a promotion and waits until the disk has it. Only for the holder of the folder's lock. */
export function appendPromotion(folder: string, promotion: Promotion): Promise<void> {
  return appendToLog(folder, promotionsName, promotion);
}

/** The same for a move of another alias. */
export function appendAliasMove(folder: string, move: AliasMove): Promise<void> {
  return appendToLog(folder, aliasMovesName, move);
}

async function readLog<Entry>(path: string, schema: z.ZodType<Entry>): Promise<Entry[]> {
  const text = await readText(path);
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => schema.parse(JSON.parse(line)));
}

async function appendToLog(folder: string, name: string, entry: JsonObject): Promise<void> {
  const file = await open(join(folder, name), 'a+', 0o644);
  try {
    const text = await file.readFile();
    // What a crash cut off was never acknowledged.
    await file.truncate(text.lastIndexOf(10) + 1);
    await file.appendFile(`${JSON.stringify(entry)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(folder);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}
