import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstKeyword, numberedPlaceholders } from './numbered-placeholders.ts';

describe('numberedPlaceholders()', () => {
  it('numbers the placeholders, and only those', () => {
    const table: Record<string, string> = {
      'SELECT ?, ?': 'SELECT $1, $2',
      "SELECT '?', 'it''s ?', ?": "SELECT '?', 'it''s ?', $1",
      'SELECT "a?" FROM "t""?" WHERE a = ?': 'SELECT "a?" FROM "t""?" WHERE a = $1',
      'SELECT ? -- why?\n, ?': 'SELECT $1 -- why?\n, $2',
      'SELECT /* ? /* ? */ ? */ ?': 'SELECT /* ? /* ? */ ? */ $1',
      'SELECT $$?$$, $tag$ $$ ? $tag$, ?': 'SELECT $$?$$, $tag$ $$ ? $tag$, $1',
      "SELECT E'\\'?', ?": "SELECT E'\\'?', $1",
      "SELECT e'\\\\', ?": "SELECT e'\\\\', $1",
      "SELECT name'\\', ?": "SELECT name'\\', $1",
      'SELECT a ?? ?': 'SELECT a ? $1',
      'SELECT /* ?': 'SELECT /* ?',
      "SELECT '?": "SELECT '$1",
      '': '',
    };
    for (const [sql, expected] of Object.entries(table)) assert.equal(numberedPlaceholders(sql), expected, sql);
  });
});

describe('firstKeyword()', () => {
  it('looks behind comments', () => {
    const table: Record<string, string> = {
      'select 1': 'SELECT',
      '  \n\tCOMMIT': 'COMMIT',
      '/* SELECT */ commit': 'COMMIT',
      '/* /* SELECT */ */-- SELECT\n COMMIT': 'COMMIT',
      '(SELECT 1)': '',
      '-- nothing': '',
      '/* open': '',
      '': '',
    };
    for (const [sql, expected] of Object.entries(table)) assert.equal(firstKeyword(sql), expected, sql);
  });
});
