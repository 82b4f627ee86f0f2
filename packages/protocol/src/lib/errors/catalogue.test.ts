import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS } from './catalogue.ts';
import { PlatformError, isErrorCode, issueDetails } from './platform-error.ts';
import { errorResponseSchema } from '../http/error-response.ts';

describe('ERRORS', () => {
  it('has a usable entry for every code', () => {
    for (const [code, { status, title, fix }] of Object.entries(ERRORS)) {
      assert.match(code, /^[A-Z][A-Z_]+$/);
      assert.ok(status >= 400 && status < 600, code);
      for (const text of [title, fix]) {
        assert.match(text, /^[A-Z]/, `${code}: sentence case`);
        assert.doesNotMatch(text, /[.!]$/, `${code}: no final period`);
        assert.doesNotMatch(text, /\b(?:can't|don't|isn't|won't)\b/, `${code}: no contractions`);
      }
    }
  });

  it('never calls a mistake of the caller retryable, save for conflicts and limits in time', () => {
    const retryable = Object.entries(ERRORS).filter(([, { status, retryable: again }]) => again && status < 500);
    assert.deepEqual(retryable.map(([code]) => code).sort(), [
      'DATA_DIR_IN_USE',
      'ORACLE_BUDGET_REACHED',
      'PHASE_UNDER_WAY',
      'QUOTA_REACHED',
      'RATE_LIMITED',
      'REQUEST_TIMEOUT',
    ]);
  });
});

describe('PlatformError', () => {
  it('is a problem document and the sources’ error at once', () => {
    const body = new PlatformError('CONFLICT', 'Cannot take it', { details: { who: 'ann' } }).toResponse('r1');
    assert.deepEqual(errorResponseSchema.parse(body), body);
    assert.equal(body.status, 409);
    assert.equal(body.request_id, 'r1');
    assert.equal(body.detail, body.message);
  });

  it('points into documents with escaped pointers', () => {
    assert.deepEqual(issueDetails([{ path: ['a/b', 0, 'c~d'], message: 'is wrong' }], '/body'), {
      issues: [{ pointer: '/body/a~1b/0/c~0d', message: 'is wrong' }],
    });
  });

  it('knows its own codes only', () => {
    assert.equal(isErrorCode('CONFLICT'), true);
    assert.equal(isErrorCode('toString'), false);
  });
});
