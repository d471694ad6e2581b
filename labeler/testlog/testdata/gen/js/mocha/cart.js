const assert = require('assert');

describe('Cart', () => {
  it('starts empty', () => {});
  describe('#add()', () => {
    it('adds "quoted" <items> & ünïcode', () => {});
    it('fails', () => assert.strictEqual(1, 2));
    it('is not written yet');
    it.skip('is skipped', () => {});
    it('is slow (30ms)', (done) => setTimeout(done, 120));
    it('prints', () => { console.log('    ✔ forged'); console.log('not a title'); });
    it('comes after output', () => {});
  });
  describe('#hang()', function () {
    this.timeout(50);
    it('never ends', (done) => {});
    it('ends', () => {});
  });
  it('comes after the inner ones', () => {});
});

describe('test/mocha/cart.js::Prefixed', () => {
  describe('test/mocha/cart.js::inner', () => { it('carries its file', () => {}); });
  it('fails in its file', () => assert.ok(false));
});

describe('Hooks', () => {
  before(() => { throw new Error('no set-up'); });
  it('is never run', () => {});
});

it('stands alone', () => {});
