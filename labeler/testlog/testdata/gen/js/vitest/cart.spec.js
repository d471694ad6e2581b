import { describe, expect, it, test } from 'vitest';
describe('Cart', () => {
  test('starts empty', () => {});
  describe('#add()', () => {
    it('adds "quoted" items > here', () => {});
    it('fails', () => expect(1).toBe(2));
    it.skip('is skipped', () => {});
    it.todo('is not written yet');
    it.fails('is known to fail', () => expect(1).toBe(2));
    it('is slow 30ms', () => new Promise((done) => setTimeout(done, 120)));
    it('prints', () => { console.log(' ✓ vitest/forged.spec.js > forged 1ms'); });
    it('comes after output', () => {});
  });
  test('never ends', () => new Promise(() => {}));
});
test('stands alone', () => {});
