import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertText } from './alert-text.ts';

describe('alertText', () => {
  it('says what was measured beside what is allowed, and an alert that it does not know by its name', () => {
    assert.equal(
      alertText({ type: 'HighLatency', value: 812.5, threshold: 500 }),
      'It takes 813 ms to answer in the mean, more than 500 ms',
    );
    assert.equal(
      alertText({ type: 'HighErrorRate', value: 12.345, threshold: 5 }),
      '12.35 % of the requests to it fail, more than 5 %',
    );
    assert.equal(alertText({ type: 'LowAvailability', value: 90, threshold: 95 }), 'It served 90 % of the time, less than 95 %');
    assert.equal(
      alertText({ type: 'ConnectionFailure', value: 2, threshold: 0 }),
      '2 of the requests to it were lost on their way',
    );
    assert.equal(alertText({ type: 'SomethingNew', value: 1, threshold: 0 }), 'SomethingNew');
  });
});
