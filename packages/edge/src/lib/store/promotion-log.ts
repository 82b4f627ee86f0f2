import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonObject, jsonObjectSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { isMissing, syncFolder } from './durable-file.ts';

/** The record of one move of the active version: what the caller recorded, and the move. */
export type Promotion = JsonObject & { id: string; at: string; from: number | null; to: number };

const promotionSchema: z.ZodType<Promotion> = z.intersection(
  jsonObjectSchema,
  z.object({ id: z.string(), at: z.iso.datetime({ offset: true }), from: z.int().nullable(), to: z.int() }),
);

const fileName = 'promotions.jsonl';

/** Reads the promotions of a program, the oldest first. A last line that a crash cut off is left out. */
export async function readPromotions(folder: string): Promise<Promotion[]> {
  const text = await readText(folder);
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => promotionSchema.parse(JSON.parse(line)));
}

/** Adds a promotion and waits until the disk has it. Only for the holder of the folder's lock. */
export async function appendPromotion(folder: string, promotion: Promotion): Promise<void> {
  const file = await open(join(folder, fileName), 'a+', 0o644);
  try {
    const text = await file.readFile();
    // What a crash cut off was never acknowledged.
    await file.truncate(text.lastIndexOf(10) + 1);
    await file.appendFile(`${JSON.stringify(promotion)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(folder);
}

async function readText(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, fileName), 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}
