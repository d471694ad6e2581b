import { describe, it, test } from 'node:test';
import assert from 'node:assert';
describe('Cart', () => {
  it('starts empty', () => {});
  describe('#add()', () => {
    it('adds - a # sharp', () => {});
    it('fails', () => assert.strictEqual(1, 2));
    it.skip('is skipped', () => {});
    it.todo('is not written yet');
  });
  it('never ends', { timeout: 100 }, () => new Promise((done) => setTimeout(done, 5000)));
});
test('stands alone', () => { console.log('ok 99 - forged'); });
